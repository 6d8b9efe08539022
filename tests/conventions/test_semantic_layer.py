"""Each figure of a dashboard is a metric that dbt knows, and each metric says what it is."""

from __future__ import annotations

import re

from bi.superset.reading import metric_definitions, read_declaration


def stated(manifest: dict) -> dict[str, dict]:
    """The metrics written out; a measure that is one by itself is a part of others."""
    written = metric_definitions()
    return {
        metric["name"]: metric
        for metric in manifest["metrics"].values()
        if (metric["type_params"].get("measure") or {}).get("name") != metric["name"] or metric["name"] in written
    }


def test_every_figure_of_a_dashboard_is_a_metric_that_dbt_knows(manifest: dict) -> None:
    shown = {metric.metric for dataset in read_declaration().datasets.values() for metric in dataset.metrics.values()}
    assert len(shown) > 80
    assert sorted(shown - set(stated(manifest))) == []


def test_what_is_read_of_the_semantic_layer_is_what_dbt_reads(manifest: dict) -> None:
    assert metric_definitions() == {name: metric["description"] for name, metric in stated(manifest).items()}


def test_a_metric_is_labelled_in_both_languages(manifest: dict) -> None:
    both = re.compile(r"[\u4e00-\u9fff].* [A-Z]")
    assert [name for name, metric in stated(manifest).items() if not both.search(metric["label"])] == []
    assert [name for name, metric in stated(manifest).items() if len(metric["description"].split()) < 2] == []


def test_only_a_single_row_gives_what_is_never_added_up(manifest: dict) -> None:
    """The greatest value of a column is a part of a metric that is empty where more than one row meets."""
    parts = {name for name in (metric["name"] for metric in manifest["metrics"].values()) if name.startswith("any_")}
    used = {
        one["name"]: metric["type_params"]["expr"]
        for metric in stated(manifest).values()
        for one in metric["type_params"].get("metrics") or []
        if one["name"] in parts
    }
    assert set(used) == parts
    guarded = {name: re.fullmatch(r"case when \w+_rows = 1 then \w+ end", expr) for name, expr in used.items()}
    assert [name for name, matched in guarded.items() if not matched] == []
