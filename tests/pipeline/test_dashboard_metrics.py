"""Each figure of a dashboard is its metric: MetricFlow's answer beside the dashboard's own SQL on the mart, row by row,
at every grain at which a chart shows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import duckdb
import pytest
from support.metric_grains import GRAINS, Grain
from support.metric_sql import Metrics

from bi.superset.declaration import Dataset, Metric
from bi.superset.reading import read_declaration

pytestmark = pytest.mark.pipeline

DATASETS = read_declaration().datasets
HELD = [(name, number) for name, grains in GRAINS.items() for number in range(len(grains))]
# A mart's hours are rounded in each row.
HALF_A_UNIT = 0.5001e-4


@pytest.fixture(scope="module")
def warehouse(built: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """Not the published copy, which withholds small numbers."""
    with duckdb.connect(str(built.deployment.database), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def metrics(built: Any) -> Metrics:
    return Metrics(built.deployment.directory / "dbt" / "target" / "semantic_manifest.json")


def held(dataset: Dataset, grain: Grain) -> dict[str, Metric]:
    shown = {name: metric for name, metric in dataset.metrics.items() if not grain.shown or name in grain.shown}
    return {name: metric for name, metric in shown.items() if not (grain.meets and metric.only)}


def by_key(rows: list[tuple], keys: int, names: list[str]) -> dict[str, dict[tuple, float]]:
    """Metric → key → value, of what is neither empty nor zero; keys of no period or place of the mart are left out."""
    found: dict[str, dict[tuple, float]] = {name: {} for name in names}
    for row in rows:
        key = tuple(part.date() if isinstance(part, datetime) else part for part in row[:keys])
        for name, value in zip(names, row[keys:], strict=True):
            if value and None not in key:
                found[name][key] = float(value)
    return found


def in_semantic_layer(
    metrics: Metrics, connection: duckdb.DuckDBPyConnection, wanted: dict[str, Metric], grain: Grain
) -> dict[str, dict[tuple, float]]:
    asked = sorted({metric.metric for metric in wanted.values()})
    answer = connection.execute(metrics.sql(asked, list(grain.keys.values())))
    # MetricFlow puts time first, and adds the granularity to the name of a day.
    columns = [column[0].removesuffix("__day") for column in answer.description or []]
    order = [columns.index(name.removesuffix("__day")) for name in [*grain.keys.values(), *asked]]
    found = by_key([tuple(row[place] for place in order) for row in answer.fetchall()], len(grain.keys), asked)
    return {name: found[metric.metric] for name, metric in wanted.items()}


def on_dashboards(
    connection: duckdb.DuckDBPyConnection, mart: str, wanted: dict[str, Metric], grain: Grain
) -> dict[str, dict[tuple, float]]:
    columns = ", ".join([*grain.keys, *(metric.expression for metric in wanted.values())])
    rows = connection.execute(f"select {columns} from marts.{mart} where {grain.rows} group by {', '.join(grain.keys)}")
    return by_key(rows.fetchall(), len(grain.keys), list(wanted))


@pytest.mark.parametrize(("name", "number"), HELD)
def test_a_figure_is_its_metric(name: str, number: int, metrics: Metrics, warehouse: duckdb.DuckDBPyConnection) -> None:
    grain = GRAINS[name][number]
    wanted = held(DATASETS[name], grain)
    expected = on_dashboards(warehouse, name, wanted, grain)
    found = in_semantic_layer(metrics, warehouse, wanted, grain)
    for shown in wanted:
        assert found[shown] == pytest.approx(expected[shown], rel=1e-9, abs=HALF_A_UNIT if "hours" in shown else 0), (
            shown
        )


def test_every_figure_is_held_and_some_are_there(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert set(GRAINS) == set(DATASETS)
    for name, grains in GRAINS.items():
        assert {shown for grain in grains for shown in held(DATASETS[name], grain)} == set(DATASETS[name].metrics), name
        assert any(any(on_dashboards(warehouse, name, held(DATASETS[name], grain), grain).values()) for grain in grains)


def test_persons_are_counted_anew_and_never_added_up(metrics: Metrics, warehouse: duckdb.DuckDBPyConnection) -> None:
    by_period = warehouse.execute(metrics.sql(["learners"], ["metric_time__period"])).fetchall()
    ((learners,),) = warehouse.execute(metrics.sql(["learners"])).fetchall()
    assert learners < sum(count for _, count in by_period)
    # Of groups that overlap, or of a mart's totals and their parts, there is no number at all.
    guarded = ["declared_persons", "region_learners", "new_learners", "reminded_learners", "target_actual"]
    for metric in guarded:
        assert warehouse.execute(metrics.sql([metric])).fetchall() == [(None,)], metric
    newest = date(2020, 6, 29)
    rows = warehouse.execute(metrics.sql(["declared_persons"], ["metric_time__period"])).fetchall()
    assert (newest, None) in rows
