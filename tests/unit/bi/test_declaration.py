"""What is wrong in a dashboard's declaration is told before Superset sees it, with file, chart and field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from bi.superset.bundle import write_bundle
from bi.superset.declaration import DeclarationError
from bi.superset.reading import read_declaration

DATASETS: dict[str, Any] = {
    "days": {
        "label": "日 Days",
        "columns": {
            "place": {"label": "地 Place"},
            "place_name": {"label": "名 Name", "of": "place", "words": {"a": "甲"}},
        },
        "metrics": {
            "visits": {"metric": "registrations", "label": "次 Visits", "sum": "visits"},
            "people": {"metric": "learners", "label": "人 People", "only": "people"},
        },
        "orders": {"last": {"label": "末 Last", "sql": "MAX(place)"}},
    }
}
CHART: dict[str, Any] = {
    "name": "图 Chart",
    "kind": "bars",
    "dataset": "days",
    "metrics": ["visits"],
    "by": ["place_name"],
    "width": 12,
}


def dashboard(**changes: Any) -> dict[str, Any]:
    whole = {
        "slug": "one",
        "title": "一 One",
        "description": "",
        "filters": [{"label": "地 Place", "dataset": "days", "column": "place", "value": "a"}],
        "rows": [{"height": 20, "charts": [CHART | changes.pop("chart", {})]}],
    }
    return whole | changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dashboards").mkdir()
    return tmp_path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "version.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.days (place varchar, visits bigint, people bigint)")
        connection.execute("comment on column marts.days.visits is 'How often somebody came'")
        connection.execute("insert into marts.days values ('a', 7, 3), ('b', 2, 2)")
    return path


def write(folder: Path, *dashboards: dict[str, Any], datasets: dict[str, Any] = DATASETS) -> Path:
    (folder / "datasets.yml").write_text(yaml.safe_dump(datasets, allow_unicode=True), encoding="utf-8")
    for number, content in enumerate(dashboards, start=1):
        path = folder / "dashboards" / f"{number}.yml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


WRONG = [
    ({"chart": {"kind": "pie"}}, "1.yml: rows.0.charts.0.kind"),
    ({"chart": {"colour": "red"}}, "1.yml: rows.0.charts.0.colour"),
    ({"chart": {"width": 7}}, "must add up to 12"),
    ({"chart": {"dataset": "nights"}}, "one: 图 Chart: no dataset 'nights'"),
    ({"chart": {"metrics": ["hours"]}}, "one: 图 Chart: no metric 'hours' in dataset days"),
    ({"chart": {"order_by": "hours"}}, "one: 图 Chart: no metric or order 'hours' in dataset days"),
    ({"chart": {"metrics": ["last"]}}, "one: 图 Chart: no metric 'last' in dataset days"),
    ({"chart": {"ignores": ["期 Period"]}}, "one: 图 Chart: no filter '期 Period' to ignore"),
    ({"colors": {"hours": "#000000"}}, "one: no series 'hours' to colour"),
    (
        {"filters": [{"label": "地 Place", "dataset": "days", "column": "place", "first_by": "first"}]},
        "no metric or order 'first'",
    ),
    ({"rows": [{"height": 20, "charts": [CHART]}, {"height": 20, "charts": [CHART]}]}, "'图 Chart' is there twice"),
]


@pytest.mark.parametrize(("changes", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_wrong_is_named(changes: dict[str, Any], told: str, folder: Path) -> None:
    with pytest.raises(DeclarationError, match=re.escape(told)):
        read_declaration(write(folder, dashboard(**changes)))


@pytest.mark.parametrize("metric", [{}, {"sum": "visits", "only": "visits"}], ids=["none", "two"])
def test_a_metric_is_written_in_one_way(metric: dict[str, Any], folder: Path) -> None:
    datasets = {"days": DATASETS["days"] | {"metrics": {"visits": {"metric": "registrations", "label": "x"} | metric}}}
    with pytest.raises(DeclarationError, match="datasets.yml, days: metrics.visits: .*exactly one of sum, only, sql"):
        read_declaration(write(folder, dashboard(), datasets=datasets))


def test_a_metric_that_the_semantic_layer_lacks_is_named(folder: Path) -> None:
    metric = {"metric": "visitors", "label": "次 Visits", "sum": "visits"}
    datasets = {"days": DATASETS["days"] | {"metrics": {"visits": metric}}}
    with pytest.raises(DeclarationError, match="datasets.yml, days: visits: the semantic layer has no metric 'visit"):
        read_declaration(write(folder, dashboard(), datasets=datasets))


def test_a_part_of_a_metric_is_none_to_show(folder: Path) -> None:
    """The greatest of several rows is a person count only where there is but one row."""
    metric = {"metric": "any_declared_persons", "label": "人 People", "only": "people"}
    datasets = {"days": DATASETS["days"] | {"metrics": {"visits": metric}}}
    with pytest.raises(DeclarationError, match="the semantic layer has no metric 'any_declared_persons'"):
        read_declaration(write(folder, dashboard(), datasets=datasets))


def test_a_name_is_a_metric_or_an_order(folder: Path) -> None:
    datasets = {"days": DATASETS["days"] | {"orders": {"visits": {"label": "末 Last", "sql": "MAX(place)"}}}}
    with pytest.raises(DeclarationError, match="datasets.yml, days: .*both metric and order: visits"):
        read_declaration(write(folder, dashboard(), datasets=datasets))


def test_a_column_is_computed_in_one_way(folder: Path) -> None:
    datasets = {"days": DATASETS["days"] | {"columns": {"place_name": {"label": "名 Name", "of": "place"}}}}
    with pytest.raises(DeclarationError, match="datasets.yml, days: columns.place_name: .*of and words together"):
        read_declaration(write(folder, dashboard(), datasets=datasets))


def test_a_file_that_is_not_yaml_is_named(folder: Path) -> None:
    write(folder, dashboard())
    (folder / "dashboards" / "2.yml").write_text("rows: [", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"2\.yml: not YAML"):
        read_declaration(folder)


def test_a_mart_that_is_not_published_is_named(folder: Path, published: Path) -> None:
    datasets = DATASETS | {"nights": {"label": "夜 Nights"}}
    with pytest.raises(DeclarationError, match="not in the published copy: nights"):
        write_bundle(read_declaration(write(folder, dashboard(), datasets=datasets)), published)


def test_a_column_that_is_not_published_is_named(folder: Path, published: Path) -> None:
    datasets = {"days": DATASETS["days"] | {"columns": DATASETS["days"]["columns"] | {"hour": {"label": "时 Hour"}}}}
    with pytest.raises(DeclarationError, match="datasets.yml, days: column 'hour' is not in the published mart"):
        write_bundle(read_declaration(write(folder, dashboard(), datasets=datasets)), published)


def test_a_column_without_a_label_is_named(folder: Path, published: Path) -> None:
    with pytest.raises(DeclarationError, match="one: 图 Chart: column 'visits' has no label in days"):
        write_bundle(read_declaration(write(folder, dashboard(chart={"by": ["visits"]}))), published)


def test_a_bundle_names_everything_by_the_same_identifiers_each_time(folder: Path, published: Path) -> None:
    declaration = read_declaration(write(folder, dashboard()))
    first = write_bundle(declaration, published)
    assert write_bundle(declaration, published) == first
    dataset = yaml.safe_load(first["datasets/published/days.yaml"])
    chart = yaml.safe_load(first["charts/one_01.yaml"])
    whole = yaml.safe_load(first["dashboards/one.yaml"])
    assert chart["dataset_uuid"] == dataset["uuid"]
    assert whole["position"]["CHART-1"]["meta"]["uuid"] == chart["uuid"]
    assert {column["column_name"]: column["expression"] for column in dataset["columns"]} == {
        "place": None,
        "visits": None,
        "people": None,
        "place_name": "CASE place WHEN 'a' THEN '甲' ELSE place END",
    }
    assert (
        next(c["description"] for c in dataset["columns"] if c["column_name"] == "visits") == "How often somebody came"
    )


def test_the_connection_only_reads_and_opens_nothing_else(folder: Path, published: Path) -> None:
    bundle = write_bundle(read_declaration(write(folder, dashboard())), published)
    database = yaml.safe_load(bundle["databases/published.yaml"])
    assert database["sqlalchemy_uri"] == f"duckdb:///{published}"
    arguments = database["extra"]["engine_params"]["connect_args"]
    with duckdb.connect(str(published), **arguments) as connection:
        assert connection.execute("select sum(visits) from marts.days").fetchall() == [(9,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            connection.execute("delete from marts.days")
        with pytest.raises(duckdb.Error, match="disabled"):
            connection.execute("select * from read_text('/etc/hostname')")
        with pytest.raises(duckdb.Error, match="configuration has been locked|external access"):
            connection.execute("set enable_external_access = true")


def test_a_number_of_persons_vanishes_where_rows_would_be_added(folder: Path, published: Path) -> None:
    people = read_declaration(write(folder, dashboard())).datasets["days"].metrics["people"].expression
    with duckdb.connect(str(published), read_only=True) as connection:
        assert connection.execute(f"select {people} from marts.days where place = 'a'").fetchall() == [(3,)]
        assert connection.execute(f"select {people} from marts.days").fetchall() == [(None,)]


def test_no_metric_of_the_dashboards_adds_up_persons() -> None:
    """New learners alone add up: each is new once."""
    sums = {
        metric.sum
        for dataset in read_declaration().datasets.values()
        for metric in dataset.metrics.values()
        if metric.sum
    }
    assert len(sums) > 10
    assert {name for name in sums if re.search(r"learners|persons|share|median", name)} == {"new_learners"}


def test_labels_are_chinese_first_and_english_second() -> None:
    declaration = read_declaration()
    labels = [dataset.label for dataset in declaration.datasets.values()]
    labels += [metric.label for dataset in declaration.datasets.values() for metric in dataset.metrics.values()]
    labels += [column.label for dataset in declaration.datasets.values() for column in dataset.columns.values()]
    labels += [dashboard.title for dashboard in declaration.dashboards]
    labels += [choice.label for dashboard in declaration.dashboards for choice in dashboard.filters]
    labels += [chart.name for dashboard in declaration.dashboards for chart in dashboard.charts]
    both = re.compile(r"^[0-9]*[\u4e00-\u9fff][^A-Za-z]*(?:\s|）\s*)[A-Za-z].*$")
    assert len(labels) > 150
    assert [label for label in labels if not both.match(label)] == []
