"""The event log of this project's dagster.yaml keeps what Dagster's own keeps, in the same files, and much faster."""

from __future__ import annotations

import pytest
from dagster import AssetKey, AssetMaterialization, AssetRecordsFilter, DagsterInstance, asset, job, materialize, op

from orchestration.dagster_home import prepare_dagster_home
from orchestration.dagster_home.event_log import UnhurriedEventLog

KEY = AssetKey(["landing", "courses"])


@op
def some_op(context):
    context.log_event(AssetMaterialization(KEY, partition="1"))


@job
def some_job():
    some_op()


@pytest.fixture
def home(settings):
    return prepare_dagster_home(settings)


def test_dagsters_own_storage_reads_what_was_written(home):
    with DagsterInstance.from_config(str(home)) as instance:
        assert isinstance(instance.event_log_storage, UnhurriedEventLog)
        run = some_job.execute_in_process(instance=instance)
        instance.report_runless_asset_event(AssetMaterialization(KEY, partition="2"))
        written = [event.event_specific_data for event in run.all_events]
    (home / "dagster.yaml").unlink()
    with DagsterInstance.from_config(str(home)) as instance:
        assert not isinstance(instance.event_log_storage, UnhurriedEventLog)
        found = instance.fetch_materializations(AssetRecordsFilter(KEY), limit=10).records
        assert {record.partition_key for record in found} == {"1", "2"}
        logged = [entry.dagster_event.event_specific_data for entry in instance.all_logs(run.run_id)]
        assert len(logged) >= len(written) > 5


def test_the_log_of_a_run_is_closed_after_each_event_so_that_pages_see_it_change(home):
    """Dagster's pages watch the file itself, which SQLite only writes when the last connection to it is closed."""
    with DagsterInstance.from_config(str(home)) as instance:
        run = some_job.execute_in_process(instance=instance)
        file = home / "history" / "runs" / f"{run.run_id}.db"
        before = file.read_bytes()
        instance.report_engine_event("one more", instance.get_run_by_id(run.run_id))
        assert file.read_bytes() != before


def test_more_runs_than_are_kept_in_mind(home):
    with DagsterInstance.from_config(str(home)) as instance:
        runs = [some_job.execute_in_process(instance=instance).run_id for _ in range(3)]
        storage = instance.event_log_storage
        for number in range(40):
            storage.get_logs_for_run(f"00000000-0000-0000-0000-{number:012d}")
        assert len(storage._engines) <= 17
        assert all(instance.all_logs(run) for run in runs)


def test_a_batch_is_stored_whole_in_its_order(home):
    with DagsterInstance.from_config(str(home)) as instance:
        run = some_job.execute_in_process(instance=instance)
        storage = instance.event_log_storage
        entries = [entry for entry in instance.all_logs(run.run_id) if entry.is_dagster_event]
        before = len(instance.all_logs(run.run_id))
        storage.store_event_batch(entries)
        stored = instance.all_logs(run.run_id)[before:]
        assert [entry.message for entry in stored] == [entry.message for entry in entries]
        assert len(instance.fetch_materializations(AssetRecordsFilter(KEY), limit=10).records) == 2


def test_of_a_batch_that_fails_nothing_is_stored(home, monkeypatch):
    with DagsterInstance.from_config(str(home)) as instance:
        run = some_job.execute_in_process(instance=instance)
        entries = [entry for entry in instance.all_logs(run.run_id) if entry.is_dagster_event]
        storage = instance.event_log_storage
        before = len(instance.all_logs(run.run_id))
        with monkeypatch.context() as patched:
            patched.setattr(storage, "_store_asset_event", _cannot)
            with pytest.raises(RuntimeError, match="the index is full"):
                storage.store_event_batch(entries)
        assert len(instance.all_logs(run.run_id)) == before
        assert len(instance.fetch_materializations(AssetRecordsFilter(KEY), limit=10).records) == 1
        # The next one is not hindered by it.
        storage.store_event_batch(entries)
        assert len(instance.all_logs(run.run_id)) == before + len(entries)


def test_what_a_run_plans_comes_as_a_batch(home, monkeypatch):
    sizes = []
    store = UnhurriedEventLog.store_event_batch
    monkeypatch.setattr(
        UnhurriedEventLog, "store_event_batch", lambda self, events: (sizes.append(len(events)), store(self, events))
    )
    assets = [asset(name=f"a{number}")(lambda: None) for number in range(3)]
    with DagsterInstance.from_config(str(home)) as instance:
        run = materialize(assets, instance=instance)
        assert sizes == [3]
        assert instance.get_run_by_id(run.run_id).is_success


def test_a_table_that_is_made_later_is_found(home):
    with DagsterInstance.from_config(str(home)) as instance:
        storage = instance.event_log_storage
        assert storage.has_table("asset_keys")
        assert not storage.has_table("made_later")
        with storage.index_connection() as connection:
            connection.exec_driver_sql("create table made_later (x integer)")
        assert storage.has_table("made_later")


def _cannot(*_):
    raise RuntimeError("the index is full")
