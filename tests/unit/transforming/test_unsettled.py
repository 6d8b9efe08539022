"""What failed stays in the way of a publication until it goes well, however many runs come between."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.pipeline import check_publishable
from orchestration.publishing.errors import PublishError
from orchestration.settings import Settings
from orchestration.transforming.dbt import target_dir
from orchestration.transforming.unsettled import Unsettled, begin_run, end_run, read_unsettled

A, B, TEST = "model.hundred_day.a", "model.hundred_day.b", "test.hundred_day.unique_a.1"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = replace(Settings.from_environment({}), warehouse_dir=tmp_path)
    target = target_dir(settings)
    target.mkdir(parents=True)
    (target / "manifest.json").write_text(json.dumps({"nodes": {A: {}, B: {}, TEST: {}}}))
    return settings


def run(settings: Settings, **status: str) -> None:
    """One run of dbt: begun, its results written, ended."""
    target = target_dir(settings)
    before = begin_run(target)
    named = {"a": A, "b": B, "test": TEST}
    results = [{"unique_id": named[name], "status": found} for name, found in status.items()]
    (target / "run_results.json").write_text(json.dumps({"results": results}))
    end_run(target, before)


def test_a_run_of_all_that_goes_well_may_be_published(settings: Settings) -> None:
    run(settings, a="success", b="success", test="warn")
    assert not read_unsettled(target_dir(settings))
    check_publishable(settings)


def test_a_good_run_of_something_else_does_not_make_up_for_what_failed(settings: Settings) -> None:
    run(settings, a="success", b="skipped", test="fail")
    run(settings, a="success")
    assert read_unsettled(target_dir(settings)) == Unsettled((B, TEST))
    with pytest.raises(PublishError, match=r"^not published: b and 1 more failed or was skipped, .*as a whole$"):
        check_publishable(settings)


def test_what_goes_well_by_itself_is_settled(settings: Settings) -> None:
    run(settings, a="success", b="error", test="pass")
    run(settings, b="success")
    check_publishable(settings)


def test_a_run_that_was_cut_off_is_made_up_for_by_all_and_not_by_a_part(settings: Settings) -> None:
    run(settings, a="success", b="success", test="pass")
    begin_run(target_dir(settings))
    run(settings, a="success")
    with pytest.raises(PublishError, match="^not published: a transformation was cut off; run `warehouse transform`"):
        check_publishable(settings)
    run(settings, a="success", b="success", test="pass")
    check_publishable(settings)


def test_dbt_without_a_result_counts_as_cut_off(settings: Settings) -> None:
    before = begin_run(target_dir(settings))
    assert end_run(target_dir(settings), before) is None
    assert read_unsettled(target_dir(settings)).is_cut_off


def test_a_run_of_all_forgets_nodes_that_there_are_no_more(settings: Settings) -> None:
    run(settings, a="success", b="success", test="fail")
    run(settings, a="success", b="success")
    check_publishable(settings)


def test_a_damaged_record_counts_as_cut_off(settings: Settings) -> None:
    run(settings, a="success", b="success")
    (settings.warehouse_dir / "dbt" / "unsettled.json").write_text("{half")
    with pytest.raises(PublishError, match="cut off"):
        check_publishable(settings)
