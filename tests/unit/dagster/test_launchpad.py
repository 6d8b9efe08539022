"""The jobs of the launchpad: what they ask for, what they record, and what they say to a wrong word."""

from __future__ import annotations

import pytest
from dagster import DagsterEventType
from dagster._core.storage.partition_status_cache import AssetPartitionStatus
from test_landing_cells import colours, land

from orchestration import pipeline
from orchestration.landing.pull import Trouble
from orchestration.launchpad import LANDING
from orchestration.pipeline import ReplayReport

ASK_ALL, ASK_ONE, REPLAY = "ask_for_this_period", "ask_one_sender", "replay_refused_batches"
RUNNING, ENDED = "2020-05-04", "2020-04-20"


@pytest.fixture(autouse=True)
def pulled_from_memory(monkeypatch, senders):
    """The command's own way, with the senders of conftest in the place of real ones."""
    monkeypatch.setattr(pipeline, "pull", senders.pull)
    monkeypatch.setattr(pipeline, "land_configuration", lambda settings: None)


@pytest.fixture
def run(definitions, instance):
    def start(job, op=None, **config):
        configured = {"ops": {op: {"config": config}}} if op else None
        return definitions.resolve_job_def(job).execute_in_process(
            instance=instance, run_config=configured, raise_on_error=False
        )

    return start


def said(result):
    failed = next(event for event in result.all_events if event.event_type is DagsterEventType.STEP_FAILURE)
    return failed.step_failure_data.user_failure_data.description


def test_every_field_of_a_launchpad_explains_itself(definitions):
    told = {}
    for job in (*LANDING, "rebuild_all", "build_marts", "land_platforms"):
        definition = definitions.resolve_job_def(job)
        assert len(definition.description) > 80, job
        for node in definition.nodes:
            schema = node.definition.config_schema.config_type
            for name, field in getattr(schema, "fields", {}).items():
                told[job, node.name, name] = field.description
                assert field.description, (job, name)
                assert not field.is_required, (job, name)
    assert ("this_period", ASK_ALL, "period") in told
    assert ("rebuild_all", "transform", "full_refresh") in told


def test_this_period_is_the_newest_that_has_ended(run, senders, definitions, instance):
    assert run("this_period").success
    asked = {period for _, _, period in senders.asked if period is not None}
    assert asked == {ENDED}
    assert {sender for sender, _, _ in senders.asked} == {"P001", "P002", "P003", "420000", "110000"}
    assert colours(definitions, instance)[f"{ENDED}|P001"] is AssetPartitionStatus.MATERIALIZED


def test_this_period_takes_another_one(run, senders):
    assert run("this_period", ASK_ALL, period="2020-03-23").success
    assert {period for _, _, period in senders.asked if period is not None} == {"2020-03-23"}


def test_one_sender_is_asked_alone_and_its_partitions_are_recorded(run, senders, definitions, instance):
    result = run("one_sender", ASK_ONE, sender="P001", period=RUNNING)
    assert result.success
    assert {(sender, period) for sender, _, period in senders.asked} == {("P001", RUNNING)}
    assert colours(definitions, instance) == {f"{RUNNING}|P001": AssetPartitionStatus.MATERIALIZED}


def test_an_inbox_that_is_read_again_without_anything_new_leaves_no_partition_red(run, senders, definitions, instance):
    senders.broken["P003", "courses"] = "not a file that can be read"
    land(definitions, instance, ("2020-03-23", "P003"), (RUNNING, "P003"))
    assert set(colours(definitions, instance).values()) == {AssetPartitionStatus.FAILED}
    senders.broken.clear()
    senders.silent.add("P003")
    assert run("one_sender", ASK_ONE, sender="P003").success
    assert colours(definitions, instance) == {
        f"{period}|P003": AssetPartitionStatus.MATERIALIZED for period in ("2020-03-23", "2020-04-06", ENDED, RUNNING)
    }


def test_a_sender_that_fails_is_named_and_the_others_are_recorded(run, senders, definitions, instance):
    senders.broken["P002", "courses"] = "401 Unauthorized"
    result = run("this_period")
    assert not result.success
    assert f"P002 courses {ENDED} v1/courses: 401 Unauthorized" in said(result)
    assert "What all others sent is landed; ask again for P002 alone. The marts follow all the same." in said(result)
    # P003 delivers files; what its inbox holds is of the first period, and the one asked for came through with it.
    assert set(colours(definitions, instance)) == {f"{ENDED}|P001", f"{ENDED}|P003", "2020-03-23|P003"}


@pytest.mark.parametrize(
    ("job", "op", "config", "expected"),
    [
        ("one_sender", ASK_ONE, {"sender": "P009"}, "sender P009: not in the registry; sources.yml has P001, "),
        ("one_sender", ASK_ONE, {}, "no sender was given; sources.yml has P001, P002, P003, 420000, 110000"),
        ("one_sender", ASK_ONE, {"sender": "P001", "period": "2020-04-07"}, "period 2020-04-07: no period begun"),
        ("this_period", ASK_ALL, {"period": "June"}, "there are 2020-03-23, 2020-04-06, 2020-04-20, 2020-05-04"),
        ("replay_quarantine", REPLAY, {"senders": ["X"]}, "sender X: not in the registry; sources.yml has"),
        ("replay_quarantine", REPLAY, {"feeds": ["course"]}, "feed course: there is no such feed; there are courses,"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_answered_with_what_is_valid(run, senders, job, op, config, expected):
    result = run(job, op, **config)
    assert not result.success
    assert expected in said(result)
    assert senders.asked == []


def test_replay_takes_what_was_chosen_and_tells_what_it_came_to(run, monkeypatch):
    seen = {}

    def replay(deployment, reporter, *, senders, feeds):
        seen.update(senders=senders, feeds=feeds)
        with reporter.step("replay", 1) as step:
            step.say("  ! P002: gone")
            step.advance("P002-courses-000001")
        return ReplayReport(2, 1, 7, (Trouble("P002", "courses", None, "v1/courses", None, "the payload is gone"),))

    monkeypatch.setattr(pipeline, "replay_step", replay)
    result = run("replay_quarantine", REPLAY, senders=["P002"], feeds=["courses"])
    assert seen == {"senders": frozenset({"P002"}), "feeds": frozenset({"courses"})}
    assert "the payload is gone" in said(result)


def test_replay_runs_on_an_empty_warehouse(run):
    assert run("replay_quarantine").success


def test_rebuild_all_is_the_build_with_every_table_anew(definitions):
    rebuild, build = (definitions.resolve_job_def(job) for job in ("rebuild_all", "build_marts"))
    assert rebuild.run_config["ops"] == {"transform": {"config": {"full_refresh": True}}}
    assert rebuild.asset_layer.executable_asset_keys == build.asset_layer.executable_asset_keys
