"""A backfill of a rectangle of partitions is one run: the queue that dagster.yaml names sees to it."""

from __future__ import annotations

import itertools

import pytest
from dagster import AssetKey, DagsterInstance, MultiPartitionsDefinition, StaticPartitionsDefinition
from dagster._core.definitions.automation_tick_evaluation_context import build_run_requests_with_backfill_policies
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.definitions.partitions.subset import DefaultPartitionsSubset
from hypothesis import given
from hypothesis import strategies as st

from orchestration.dagster_home import prepare_dagster_home
from orchestration.dagster_home.backfills import QueueOfWholeRanges, whole_ranges
from orchestration.partitions import RANGE_END_TAG, RANGE_START_TAG, cell_key
from orchestration.rectangles import rectangles

ROWS, COLUMNS = "123", "ABCD"


@pytest.fixture
def queue(settings):
    """The queue of this project's dagster.yaml, loaded as the daemon loads it."""
    with DagsterInstance.from_config(str(prepare_dagster_home(settings))) as instance:
        yield instance.run_coordinator


def requests(definitions, feeds, cells):
    """What the daemon's backfill asks for."""
    asked = [AssetKeyPartitionKey(AssetKey(["landing", feed]), cell) for feed in feeds for cell in cells]
    with DagsterInstance.ephemeral() as store:
        return build_run_requests_with_backfill_policies(asked, definitions.resolve_asset_graph(), store)


def test_a_whole_backfill_is_one_run_for_all_feeds_of_a_kind(queue, definitions, settings):
    assert isinstance(queue, QueueOfWholeRanges)
    graph = definitions.resolve_asset_graph()
    cells = graph.get(AssetKey(["landing", "courses"])).partitions_def.get_partition_keys()
    assert len(cells) == 4 * 3
    (run,) = requests(definitions, ["courses", "registrations"], cells)
    assert len(run.asset_selection) == 2
    assert (run.tags[RANGE_START_TAG], run.tags[RANGE_END_TAG]) == ("2020-03-23|P001", "2020-05-04|P003")


def test_some_periods_of_some_senders_are_one_run(queue, definitions):
    cells = [cell_key(period, sender) for period in ("2020-04-06", "2020-04-20") for sender in ("P002", "P003")]
    (run,) = requests(definitions, ["courses"], cells)
    assert (run.tags[RANGE_START_TAG], run.tags[RANGE_END_TAG]) == ("2020-04-06|P002", "2020-04-20|P003")


def test_without_the_queue_dagster_starts_a_run_for_each_row(definitions):
    """Why the queue is there: should Dagster mend it, this fails, and the queue can go."""
    cells = definitions.resolve_asset_graph().get(AssetKey(["landing", "courses"])).partitions_def.get_partition_keys()
    assert len(requests(definitions, ["courses"], cells)) == 3


def test_the_queue_keeps_the_limits_of_the_template(queue, settings):
    with DagsterInstance.from_config(str(prepare_dagster_home(settings))) as instance:
        limits = instance.get_concurrency_config()
    assert limits.run_queue_config.max_concurrent_runs == 4
    assert limits.pool_config.default_pool_limit == 1


@given(st.sets(st.tuples(st.sampled_from(ROWS), st.sampled_from(COLUMNS))))
def test_the_ranges_are_exactly_what_was_asked_for(cells):
    partitions = MultiPartitionsDefinition(
        {"a": StaticPartitionsDefinition(list(ROWS)), "b": StaticPartitionsDefinition(list(COLUMNS))}
    )
    subset = DefaultPartitionsSubset({f"{row}|{column}" for row, column in cells})
    ranges = whole_ranges(subset, partitions)
    covered = [str(key) for one in ranges for key in partitions.get_partition_keys_in_range(one)]
    assert sorted(covered) == sorted(subset.subset)


def test_partitions_of_one_dimension_are_cut_as_dagster_does():
    partitions = StaticPartitionsDefinition(list("abcd"))
    ranges = whole_ranges(DefaultPartitionsSubset({"a", "b", "d"}), partitions)
    assert [(one.start, one.end) for one in ranges] == [("a", "b"), ("d", "d")]


def test_a_whole_grid_is_one_rectangle_and_a_hole_cuts_it():
    grid = list(itertools.product(ROWS, COLUMNS))
    assert rectangles(grid, ROWS, COLUMNS) == [(tuple(ROWS), tuple(COLUMNS))]
    grid.remove(("2", "B"))
    cut = rectangles(grid, ROWS, COLUMNS)
    assert len(cut) == 4
    assert sum(len(rows) * len(columns) for rows, columns in cut) == len(grid)
