"""The marts follow every landing, failed or not, once it has come to rest, and only once."""

from __future__ import annotations

import pytest
from dagster import DagsterRunStatus, build_sensor_context
from dagster._core.test_utils import create_run_for_test
from test_landing_cells import FIRST, land

from orchestration.assets.flow import landing_key
from orchestration.jobs import BUILD_JOB
from orchestration.landing.ledger import read_ledger
from orchestration.launchpad import REBUILD
from orchestration.sensors.marts import Seen


@pytest.fixture
def tick(definitions, instance):
    """Evaluate the sensor with the cursor of the tick before."""
    state = {"cursor": None}

    def evaluate():
        context = build_sensor_context(instance=instance, cursor=state["cursor"], definitions=definitions)
        ticked = definitions.get_sensor_def("marts_follow_landing").evaluate_tick(context)
        state["cursor"] = ticked.cursor
        return ticked

    return evaluate


def test_a_landing_that_failed_starts_the_marts_all_the_same(definitions, instance, senders, tick):
    senders.broken["P002", "courses"] = "401 Unauthorized"
    assert not land(definitions, instance, (FIRST, "P001"), (FIRST, "P002")).success
    ticked = tick()
    assert len(ticked.run_requests) == 1
    assert definitions.get_sensor_def("marts_follow_landing").job_name == BUILD_JOB
    assert "failure" in ticked.run_requests[0].tags["started_after"]


def test_a_landing_that_brought_nothing_starts_them_too(definitions, instance, senders, tick):
    """The clock has moved on: who was not due may be missing now."""
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    assert tick().run_requests
    senders.silent.add("P001")
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    assert len(tick().run_requests) == 1


def test_one_landing_starts_them_once(definitions, instance, tick):
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    assert len(tick().run_requests) == 1
    again = tick()
    assert not again.run_requests
    assert again.skip_message == "Nothing has landed since the last build was asked for."


def test_a_pull_beside_dagster_is_noticed_by_the_ledger(definitions, instance, senders, warehouse, tick):
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    first = tick().run_requests[0]
    with read_ledger(warehouse.settings.landing_dir).appending("P001") as ledger:
        ledger.append(ledger.entries[-1])
    second = tick().run_requests[0]
    assert second.run_key != first.run_key
    assert second.tags["started_after"] == "new batches"


def test_it_waits_while_landing_goes_on(definitions, instance, tick):
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    # Started from an asset's page: no job of ours, only the choice of assets tells.
    going_on = create_run_for_test(
        instance,
        job_name="__ASSET_JOB",
        status=DagsterRunStatus.STARTED,
        asset_selection=frozenset({landing_key("courses")}),
    )
    waiting = tick()
    assert not waiting.run_requests
    assert going_on.run_id[:8] in waiting.skip_message
    instance.delete_run(going_on.run_id)
    assert tick().run_requests


def test_runs_of_other_jobs_start_nothing(definitions, instance, tick):
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    tick()
    create_run_for_test(instance, job_name=BUILD_JOB, status=DagsterRunStatus.FAILURE)
    assert not tick().run_requests


def test_nothing_ever_landed_is_said(tick):
    assert "Nothing has ever landed" in tick().skip_message


def test_a_damaged_ledger_stops_no_other_sender(definitions, instance, warehouse, tick):
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P002"))
    path = read_ledger(warehouse.settings.landing_dir).path("P001")
    path.write_bytes(b"{}\n" + path.read_bytes())
    assert tick().run_requests


def test_the_cursor_survives_a_restart():
    assert Seen.read(Seen("abc", 1.5).write()) == Seen("abc", 1.5)


@pytest.mark.parametrize("job", [BUILD_JOB, REBUILD])
@pytest.mark.parametrize("status", [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED])
def test_what_lands_during_a_build_starts_one_more_when_that_has_ended(definitions, instance, tick, job, status):
    land(definitions, instance, (FIRST, "P001"), (FIRST, "P001"))
    assert tick().run_requests
    build = create_run_for_test(instance, job_name=job, status=status)
    assert tick().skip_message == "Nothing has landed since the last build was asked for."
    for _ in range(2):
        land(definitions, instance, (FIRST, "P002"), (FIRST, "P002"))
        waiting = tick()
        assert not waiting.run_requests
        assert build.run_id[:8] in waiting.skip_message
    instance.report_run_canceled(build)
    assert len(tick().run_requests) == 1
    assert not tick().run_requests
