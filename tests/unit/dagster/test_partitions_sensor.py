"""What was landed beside Dagster shows in the grid, once, and a red cell stays red."""

from __future__ import annotations

import pytest
from dagster import DagsterRunStatus, build_sensor_context
from dagster._core.storage.partition_status_cache import AssetPartitionStatus
from dagster._core.test_utils import create_run_for_test
from test_landing_cells import FIRST, colours, land

from orchestration.assets.flow import landing_key
from orchestration.landing.ledger import read_ledger
from orchestration.landing.pull import FeedPull, Trouble
from orchestration.sensors import partitions

SECOND = "2020-04-06"


@pytest.fixture
def tick(definitions, instance):
    """Evaluate the sensor as the daemon does: what it reports is written to the instance."""
    state = {"cursor": None}

    def evaluate():
        context = build_sensor_context(instance=instance, cursor=state["cursor"], definitions=definitions)
        ticked = definitions.get_sensor_def("partitions_follow_ledgers").evaluate_tick(context)
        state["cursor"] = ticked.cursor
        for event in ticked.asset_events:
            instance.report_runless_asset_event(event)
        return ticked

    return evaluate


def test_a_pull_beside_dagster_turns_its_cell_green_once_with_what_came(definitions, instance, senders, settings, tick):
    senders.land(settings, "P001", "courses", FIRST)
    reported = tick().asset_events
    assert [(event.asset_key, event.partition) for event in reported] == [(landing_key("courses"), f"{FIRST}|P001")]
    metadata = {name: value.value for name, value in reported[0].metadata.items()}
    assert (metadata["rows"], metadata["quarantined"], metadata["batches"]) == (10, 1, "P001-courses-000001")
    assert metadata["landed"] == "beside Dagster, by the `warehouse` command"
    assert colours(definitions, instance)[f"{FIRST}|P001"] is AssetPartitionStatus.MATERIALIZED
    again = tick()
    assert not again.asset_events
    assert again.skip_message == "Every batch of the ledgers is in the grid."


def test_what_a_run_recorded_is_not_reported_again(definitions, instance, tick):
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P002"))
    assert not tick().asset_events


def test_the_metadata_are_those_of_a_run(definitions, instance, senders, settings, tick):
    run = land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    recorded = run.get_asset_materialization_events()[0].step_materialization_data.materialization
    senders.land(settings, "P002", "courses", FIRST)
    reported = tick().asset_events[0]
    assert set(reported.metadata) == {*recorded.metadata, "landed"}


def test_a_later_pull_of_the_same_cell_is_reported_with_all_that_landed(definitions, instance, senders, settings, tick):
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    tick()
    senders.land(settings, "P001", "courses", FIRST)
    event = tick().asset_events[0]
    assert event.metadata["rows"].value == 10
    assert event.metadata["dagster/row_count"].value == 20


def test_a_batch_with_rows_of_two_periods_is_in_both_cells(senders, settings, tick):
    senders.land(settings, "P003", "registrations", None, holding=(FIRST, SECOND))
    assert {event.partition for event in tick().asset_events} == {f"{FIRST}|P003", f"{SECOND}|P003"}


def test_a_red_cell_of_which_something_landed_stays_red_until_it_is_pulled(
    definitions, instance, senders, settings, tick, monkeypatch
):
    """A platform's inbox with one good and one bad file: the cell has a batch and is red."""

    def half(settings, task):
        pulled = FeedPull(task, entries=[senders.land(settings, task.sender.id, task.feed, task.period.key)])
        pulled.troubles.append(Trouble(task.sender.id, task.feed, task.period.key, "b.csv", None, "is not utf-8"))
        return pulled

    monkeypatch.setattr(senders, "_answer", half)
    assert not land(definitions, instance, (FIRST, "P001"), (FIRST, "P001")).success
    assert not tick().asset_events
    assert colours(definitions, instance)[f"{FIRST}|P001"] is AssetPartitionStatus.FAILED
    senders.land(settings, "P001", "courses", FIRST)
    assert len(tick().asset_events) == 1
    assert colours(definitions, instance)[f"{FIRST}|P001"] is AssetPartitionStatus.MATERIALIZED


def test_it_waits_while_a_landing_goes_on(instance, senders, settings, tick):
    senders.land(settings, "P001", "courses", FIRST)
    run = create_run_for_test(instance, job_name="land_platforms", status=DagsterRunStatus.STARTED)
    waiting = tick()
    assert not waiting.asset_events
    assert f"Landing goes on in {run.run_id[:8]}" in waiting.skip_message
    instance.delete_run(run.run_id)
    assert len(tick().asset_events) == 1


def test_many_cells_are_reported_over_several_ticks(senders, settings, tick, monkeypatch):
    monkeypatch.setattr(partitions, "_MOST_CELLS", 1)
    for sender in ("P001", "P002"):
        senders.land(settings, sender, "courses", FIRST)
    assert [[event.partition for event in tick().asset_events] for _ in range(3)] == [
        [f"{FIRST}|P001"], [f"{FIRST}|P002"], [],
    ]  # fmt: skip


def test_a_damaged_ledger_is_named_and_the_others_are_reported(senders, settings, tick):
    for sender in ("P001", "P002"):
        senders.land(settings, sender, "courses", FIRST)
    path = read_ledger(settings.landing_dir).path("P001")
    path.write_bytes(b"{}\n" + path.read_bytes())
    assert [event.partition for event in tick().asset_events] == [f"{FIRST}|P002"]
    assert "The ledger of P001 is damaged" in tick().skip_message
