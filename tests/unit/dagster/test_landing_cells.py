"""One failing sender leaves the others done and itself red."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dagster import AssetKey, DagsterEventType, Definitions
from dagster._core.storage.partition_status_cache import AssetPartitionStatus
from sample_secret import SECRET

from orchestration.assets.flow import landing_key
from orchestration.definitions import build_definitions
from orchestration.partitions import RANGE_END_TAG, RANGE_START_TAG, cell_key

FIRST, LAST = "2020-03-23", "2020-05-04"


def land(definitions, instance, start, end, *, feeds=("courses",), job="land_platforms"):
    return definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        asset_selection=[landing_key(feed) for feed in feeds],
        tags={RANGE_START_TAG: cell_key(*start), RANGE_END_TAG: cell_key(*end)},
        raise_on_error=False,
    )


def colours(definitions, instance, feed="courses"):
    key = landing_key(feed)
    partitions = definitions.resolve_asset_graph().get(key).partitions_def
    found = instance.get_status_by_partition(key, partitions.get_partition_keys(), partitions)
    return {str(cell): status for cell, status in found.items() if status is not None}


def failure_of(result):
    return next(event for event in result.all_events if event.event_type is DagsterEventType.STEP_FAILURE)


def test_every_cell_of_one_run_is_recorded_with_what_it_brought(definitions, instance):
    result = land(definitions, instance, (FIRST, "P001"), (LAST, "P002"))
    assert result.success
    events = result.get_asset_materialization_events()
    assert len(events) == 4 * 2
    one = next(e for e in events if e.partition == f"{FIRST}|P002")
    metadata = {name: value.value for name, value in one.step_materialization_data.materialization.metadata.items()}
    assert (metadata["rows"], metadata["quarantined"], metadata["bytes"]) == (10, 1, 4096)
    assert metadata["batches"] == "P002-courses-000001"
    assert metadata["delivery"] == "1 new batch"
    assert metadata["window"] == "2020-03-23T00:00:00+08:00 to 2020-05-06T00:00:00+08:00"
    assert metadata["dagster/row_count"] == 10
    assert "course_id" in {column.name for column in metadata["dagster/column_schema"].columns}


def test_a_failing_sender_is_red_and_the_others_are_done(definitions, instance, senders):
    senders.broken["P002", "courses"] = "401 Unauthorized; the token in P002_TOKEN was refused"
    result = land(definitions, instance, (FIRST, "P001"), (LAST, "P003"), feeds=("courses", "registrations"))
    assert not result.success
    by_cell = colours(definitions, instance)
    assert {cell for cell, status in by_cell.items() if status is AssetPartitionStatus.FAILED} == {
        f"{period}|P002" for period in ("2020-03-23", "2020-04-06", "2020-04-20", "2020-05-04")
    }
    assert sum(status is AssetPartitionStatus.MATERIALIZED for status in by_cell.values()) == 8
    # The other feed of the same run is not touched by it.
    assert set(colours(definitions, instance, "registrations").values()) == {AssetPartitionStatus.MATERIALIZED}


def test_the_failure_names_sender_feed_and_source_and_says_what_to_do(definitions, instance, senders):
    senders.broken["P002", "courses"] = "401 Unauthorized; the token in P002_TOKEN was refused"
    failed = failure_of(land(definitions, instance, (FIRST, "P001"), (FIRST, "P003"))).step_failure_data
    said = failed.user_failure_data.description
    assert "1 of 3 partitions of landing/courses failed; the other 2 are landed" in said
    assert "P002 courses 2020-03-23 v1/courses: 401 Unauthorized; the token in P002_TOKEN was refused" in said
    assert "materialize the red partitions alone" in said
    troubles = failed.user_failure_data.metadata["troubles"].records
    assert [dict(record.data) for record in troubles] == [
        {"period": FIRST, "sender": "P002", "trouble": "P002 courses 2020-03-23 v1/courses: 401 Unauthorized; the "
        "token in P002_TOKEN was refused"}
    ]  # fmt: skip


def test_a_mended_sender_turns_green_by_its_cell_alone(definitions, instance, senders):
    senders.broken["P002", "courses"] = "503 Service Unavailable"
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P003"))
    senders.broken.clear()
    senders.asked.clear()
    assert land(definitions, instance, (FIRST, "P002"), (FIRST, "P002")).success
    assert senders.asked == [("P002", "courses", FIRST)]
    assert set(colours(definitions, instance).values()) == {AssetPartitionStatus.MATERIALIZED}


def test_nothing_delivered_is_told_apart_from_nothing_new_and_from_never_sent(definitions, instance, senders):
    senders.silent.add("P001")
    result = land(definitions, instance, (FIRST, "P001"), (FIRST, "P003"), feeds=("reminders",))
    told = {
        event.partition: event.step_materialization_data.materialization.metadata["delivery"].value
        for event in result.get_asset_materialization_events()
    }
    assert told == {
        f"{FIRST}|P001": "nothing delivered so far",
        f"{FIRST}|P002": "1 new batch",
        f"{FIRST}|P003": "this sender does not send this feed (registry)",
    }


def test_a_mistake_in_the_registry_reddens_its_sender_alone(settings, warehouse, instance):
    text = settings.sources_path.read_text(encoding="utf-8").replace("token_env: P002_TOKEN", "tokken_env: P002_TOKEN")
    settings.sources_path.write_text(text, encoding="utf-8")
    definitions = build_definitions(warehouse=warehouse)
    result = land(definitions, instance, (FIRST, "P001"), (FIRST, "P003"))
    by_cell = colours(definitions, instance)
    assert {cell for cell, status in by_cell.items() if status is AssetPartitionStatus.FAILED} == {f"{FIRST}|P002"}
    assert "P002: tokken_env: unknown key" in failure_of(result).step_failure_data.user_failure_data.description


def test_a_key_that_is_missing_is_one_clear_failure(settings, warehouse, definitions, instance):
    without = {name: value for name, value in settings.environment.items() if "PSEUDONYM" not in name}
    object.__setattr__(settings, "environment", without)
    failed = failure_of(land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))).step_failure_data
    assert failed.user_failure_data.description.startswith("WAREHOUSE_PSEUDONYM_KEY: not set")


def test_with_a_fixed_clock_only_what_has_begun_is_a_partition(warehouse):
    definitions = build_definitions(warehouse=warehouse)
    partitions = definitions.resolve_asset_graph().get(landing_key("courses")).partitions_def
    periods = {str(key).split("|")[0] for key in partitions.get_partition_keys()}
    assert periods == {"2020-03-23", "2020-04-06", "2020-04-20", "2020-05-04"}


@pytest.mark.parametrize("feed", ["courses", "dispatch_reports"])
def test_no_secret_reaches_what_dagster_stores(definitions, instance, senders, feed):
    senders.broken["P002", "courses"] = "401 Unauthorized; the token in P002_TOKEN was refused"
    job, sender = ("land_platforms", "P002") if feed == "courses" else ("land_bureaus", "420000")
    result = land(definitions, instance, (FIRST, sender), (FIRST, sender), feeds=(feed,), job=job)
    stored = "".join(str(record) for record in instance.all_logs(result.run_id))
    assert sender in stored
    assert SECRET not in stored
    assert "0f" * 32 not in stored


def test_the_flow_reads_from_senders_to_the_published_copy(definitions):
    graph = definitions.resolve_asset_graph()
    assert graph.get(landing_key("registrations")).parent_keys == {AssetKey(["senders", "platforms"])}
    assert AssetKey(["landing", "registrations"]) in graph.get(AssetKey(["raw", "registrations"])).parent_keys
    assert AssetKey(["raw", "registrations"]) in graph.get(AssetKey(["staging", "stg_registrations"])).parent_keys
    published = graph.get(AssetKey(["published", "marts"])).parent_keys
    assert AssetKey(["marts", "target_progress"]) in published
    assert {key.path[0] for key in published} == {"marts"}


def test_a_period_that_has_not_begun_is_left_alone(settings, warehouse, instance, senders):
    """A period to come is a partition of a live campaign, and asking for it pulls nothing and is no failure."""
    live = replace(warehouse, settings=replace(settings, fixed_now=None))
    definitions = build_definitions(warehouse=live)
    partitions = definitions.resolve_asset_graph().get(landing_key("courses")).partitions_def
    assert len({str(key).split("|")[0] for key in partitions.get_partition_keys()}) == 21
    early = replace(live, settings=settings)  # the clock stands at 6 May; the definitions know the whole calendar
    context_run = land(definitions_with(definitions, early), instance, ("2020-05-04", "P001"), ("2020-05-18", "P001"))
    assert context_run.success
    assert senders.asked == [("P001", "courses", "2020-05-04")]
    assert set(colours(definitions, instance)) == {"2020-05-04|P001"}


def definitions_with(definitions, warehouse):
    """The same assets with another clock in their hands."""
    return Definitions(
        assets=definitions.assets,
        jobs=[job for job in definitions.jobs if job.name == "land_platforms"],
        resources={"warehouse": warehouse},
    )
