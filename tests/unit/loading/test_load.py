"""Landing → raw: once each, all or nothing, and clear about what is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime

import duckdb
import pytest

from orchestration.landing.configuration import land_configuration
from orchestration.loading import configuration
from orchestration.loading.database import LoadingError
from orchestration.loading.load import load
from orchestration.loading.raw_schema import raw_tables
from orchestration.sources.registry.senders import Registry, RegistryError

R1 = {"registration_id": "R1", "registration_sk": 1, "updated_at": "2020-03-24 08:00:00", "_period_start": "2020-03-23"}
R2 = {"registration_id": "R2", "registration_sk": 2, "updated_at": "2020-03-25 08:00:00", "_period_start": "2020-03-23"}
R3 = {"registration_id": "R3", "registration_sk": 3, "updated_at": "2020-03-25 09:00:00", "_period_start": "2020-03-23"}


def test_every_raw_table_is_there_though_nothing_was_landed(landing):
    assert load(landing.settings).batches_count == 0
    found = landing.rows("select table_name from duckdb_tables() where schema_name = 'raw'")
    assert {name for (name,) in found} == set(raw_tables())


def test_a_file_that_older_clients_can_open(landing):
    load(landing.settings)
    with duckdb.connect(str(landing.settings.database_path), read_only=True) as connection:
        (tags,) = connection.execute(
            "select tags from duckdb_databases() where database_name = current_database()"
        ).fetchone()
    assert tags["storage_version"].startswith("v1.2.0")


def test_rows_say_which_batch_brought_them(landing):
    landing.batch("P1", "registrations", R1)
    landing.batch("P1", "registrations", R1, R2, received_at="2020-04-20T01:00:00+00:00")
    report = load(landing.settings)
    assert (report.batches_count, report.rows_by_feed) == (2, {"registrations": 3})
    assert landing.rows(
        "select sender_id, _batch_id, _ledger_sequence, _received_at::varchar, _position, registration_id "
        "from raw.registrations order by all"
    ) == [
        ("P1", "P1-registrations-000001", 1, "2020-04-06 09:00:00", 1, "R1"),
        ("P1", "P1-registrations-000002", 2, "2020-04-20 09:00:00", 1, "R1"),
        ("P1", "P1-registrations-000002", 2, "2020-04-20 09:00:00", 2, "R2"),
    ]


def test_a_second_load_changes_nothing(landing):
    landing.batch("P1", "registrations", R1, quarantined=2)
    load(landing.settings)
    before = {table: landing.rows(f"select * from raw.{table} order by all") for table in raw_tables()}
    report = load(landing.settings)
    assert (report.batches_count, report.entries_count, report.rows_by_feed) == (0, 0, {})
    assert {table: landing.rows(f"select * from raw.{table} order by all") for table in raw_tables()} == before


def test_refused_rows_come_without_their_content(landing):
    landing.batch("P1", "registrations", R1, quarantined=2)
    assert load(landing.settings).quarantined_rows_count == 2
    assert landing.rows("select batch_id, position, reason from raw.quarantine order by position") == [
        ("P1-registrations-000001", 100, "bad_type"),
        ("P1-registrations-000001", 101, "bad_type"),
    ]


def test_a_pull_without_news_is_an_entry_and_no_batch(landing):
    batch = landing.batch("P1", "registrations", R1)
    landing.note("pull", batch)
    report = load(landing.settings)
    assert (report.batches_count, report.entries_count) == (1, 2)
    assert landing.rows("select sequence, kind, batch_id from raw.ledger order by sequence") == [
        (1, "batch", "P1-registrations-000001"),
        (2, "pull", "P1-registrations-000001"),
    ]
    assert landing.rows("select count(*) from raw.registrations") == [(1,)]


def test_an_empty_batch_is_known_as_received(landing):
    landing.batch("P1", "reminders")
    report = load(landing.settings)
    assert (report.batches_count, report.rows_by_feed) == (1, {})
    assert landing.rows("select rows_count from raw.ledger_periods") == [(0,)]


def test_a_missing_file_stops_the_load_and_leaves_raw_as_it_was(landing):
    landing.batch("P1", "registrations", R1)
    load(landing.settings)
    lost = landing.batch("P1", "registrations", R2)
    landing.batch("P2", "registrations", R2)
    (landing.folder / lost.landed_file).unlink()
    with pytest.raises(LoadingError, match=r"P1-registrations-000002 \(registrations/sender=P1"):
        load(landing.settings)
    assert landing.rows("select count(*) from raw.ledger") == [(1,)]
    assert landing.rows("select registration_id from raw.registrations") == [("R1",)]


def test_a_cut_file_stops_the_load_and_says_which(landing):
    entry = landing.batch("P1", "registrations", R1)
    path = landing.folder / entry.landed_file
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(LoadingError, match="P1-registrations-000001"):
        load(landing.settings)
    assert landing.rows("select count(*) from raw.ledger") == [(0,)]


def test_a_ledger_cut_off_is_noticed(landing):
    landing.batch("P1", "registrations", R1)
    landing.batch("P1", "registrations", R2)
    load(landing.settings)
    path = landing.folder / "_ledger" / "P1.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(LoadingError, match="P1: its ledger ends with entry 1, but the warehouse holds 2"):
        load(landing.settings)


def test_one_damaged_ledger_does_not_stop_the_others(landing):
    landing.batch("P1", "registrations", R1)
    landing.batch("P2", "registrations", R2)
    (landing.folder / "_ledger" / "P1.jsonl").write_text("not json\n", encoding="utf-8")
    report = load(landing.settings)
    assert report.rows_by_feed == {"registrations": 1}
    (problem,) = report.problems
    assert "P1.jsonl" in problem and "line 1" in problem


def test_only_what_had_been_received_by_a_moment(landing):
    landing.batch("P1", "registrations", R1, received_at="2020-04-06T09:00:00+08:00")
    landing.batch("P1", "registrations", R2, received_at="2020-04-06T09:00:01+08:00")
    load(landing.settings, received_by=datetime.fromisoformat("2020-04-06T01:00:00+00:00"))
    assert landing.rows("select registration_id from raw.registrations") == [("R1",)]


def test_an_erased_person_leaves_raw(landing):
    batch = landing.batch("P1", "registrations", R1, R2)
    landing.batch("P1", "certificates", {"certificate_no": "Z1", "registration_sk": 1})
    load(landing.settings)
    landing.rewrite(batch, R2)
    landing.note("erasure", batch, landed_file_sha256="new", erased_file_sha256="old")
    load(landing.settings)
    assert landing.rows("select registration_id, _ledger_sequence from raw.registrations") == [("R2", 1)]
    assert landing.rows("select count(*) from raw.certificates") == [(1,)]


def test_an_erasure_before_the_first_load_is_read_once(landing):
    batch = landing.batch("P1", "registrations", R1, R2)
    landing.rewrite(batch, R2)
    landing.note("erasure", batch)
    load(landing.settings)
    assert landing.rows("select registration_id from raw.registrations") == [("R2",)]


def test_a_new_key_replaces_the_persons_of_the_old_one(landing):
    by_old_key = {**R1, "person_sk": 10}
    landing.batch("P1", "registrations", by_old_key, key_id="k1", payload_sha256="same")
    landing.batch("P1", "registrations", {**R2, "person_sk": 11}, key_id="k1", payload_sha256="not pulled again yet")
    load(landing.settings)
    landing.batch("P1", "registrations", {**R1, "person_sk": 20}, key_id="k2", payload_sha256="same")
    load(landing.settings)
    assert landing.rows("select registration_id, person_sk from raw.registrations order by all") == [
        ("R1", 20),
        ("R2", 11),
    ]


def test_a_replayed_batch_stands_for_the_one_before(landing):
    landing.batch("P1", "courses", {"course_id": "C1"}, quarantined=2, payload_sha256="same")
    load(landing.settings)
    landing.batch("P1", "courses", {"course_id": "C1"}, {"course_id": "C2"}, quarantined=1, payload_sha256="same")
    landing.batch("P1", "courses", {"course_id": "C9"}, quarantined=1, payload_sha256="other")
    load(landing.settings)
    rows = landing.rows("select _batch_id, course_id from raw.courses order by all")
    second, third = "P1-courses-000002", "P1-courses-000003"
    assert rows == [(second, "C1"), (second, "C2"), (third, "C9")]
    assert landing.rows("select batch_id, count(*) from raw.quarantine group by all order by all") == [
        (second, 1),
        (third, 1),
    ]


EARLY, LATE = "2020-04-06T09:00:00+08:00", "2020-05-20T09:00:00+08:00"
ARRIVALS = "select registration_id, _ledger_sequence, _received_at::date::varchar from raw.registrations order by all"


def test_a_replayed_row_came_when_it_first_came_and_a_freed_one_with_the_replay(landing):
    landing.batch("P1", "registrations", R1, quarantined=1, payload_sha256="same", received_at=EARLY)
    load(landing.settings)
    landing.batch("P1", "registrations", R1, R2, payload_sha256="same", received_at=LATE)
    load(landing.settings)
    once = landing.rows(ARRIVALS)
    assert once == [("R1", 1, "2020-04-06"), ("R2", 2, "2020-05-20")]
    landing.batch("P1", "registrations", R1, R2, R3, payload_sha256="same", received_at="2020-06-20T09:00:00+08:00")
    load(landing.settings)
    assert landing.rows(ARRIVALS) == [*once, ("R3", 3, "2020-06-20")]


def test_the_arrival_is_the_same_where_everything_is_loaded_at_once(landing):
    landing.batch("P1", "registrations", R1, payload_sha256="same", received_at=EARLY)
    landing.batch("P1", "registrations", R1, R2, payload_sha256="same", received_at=LATE)
    landing.batch("P1", "registrations", R1, R2, payload_sha256="same", received_at=LATE, key_id="k2")
    load(landing.settings)
    assert landing.rows(ARRIVALS) == [("R1", 1, "2020-04-06"), ("R2", 2, "2020-05-20")]


def test_an_erasure_from_a_replayed_batch_leaves_the_arrival_of_the_others(landing):
    landing.batch("P1", "registrations", R1, quarantined=1, payload_sha256="same", received_at=EARLY)
    again = landing.batch("P1", "registrations", R1, R2, payload_sha256="same", received_at=LATE)
    load(landing.settings)
    landing.rewrite(again, R1)
    landing.note("erasure", again, landed_file_sha256="new", erased_file_sha256="old", received_at=LATE)
    load(landing.settings)
    assert landing.rows(ARRIVALS) == [("R1", 1, "2020-04-06")]


def test_a_window_pulled_under_a_new_key_came_when_its_versions_first_came(landing):
    window = {"period_start": "2020-03-23", "window_to": "2020-04-06T00:00:00+08:00"}
    old = [{**row, "updated_at": "2020-03-25 08:00:00"} for row in (R1, R2)]
    landing.batch("P1", "registrations", *old, received_at=EARLY, payload_sha256="a", **window)
    load(landing.settings)
    new = [{**R3, "updated_at": "2020-03-25 08:00:00"}, old[0], {**old[1], "updated_at": "2020-03-30 08:00:00"}]
    landing.batch("P1", "registrations", *new, received_at=LATE, payload_sha256="b", key_id="k2", **window)
    load(landing.settings)
    assert landing.rows(ARRIVALS) == [("R1", 1, "2020-04-06"), ("R2", 2, "2020-05-20"), ("R3", 2, "2020-05-20")]


def test_what_is_refused_again_under_a_new_key_counts_once(landing):
    for feed in ("registrations", "courses"):
        landing.batch("P1", feed, quarantined=2, payload_sha256="same")
        landing.batch("P1", feed, quarantined=2, payload_sha256="same", key_id="k2")
    load(landing.settings)
    assert landing.rows("select batch_id, count(*) from raw.quarantine group by all order by all") == [
        ("P1-courses-000004", 2),
        ("P1-registrations-000002", 2),
    ]


def test_a_file_from_before_a_field_existed_is_read_with_nulls(landing):
    landing.batch("P1", "registrations", R1, without_columns=("project_id", "_extra"))
    landing.batch("P1", "registrations", {**R2, "project_id": "J1"})
    load(landing.settings)
    assert landing.rows("select registration_id, project_id from raw.registrations order by all") == [
        ("R1", None),
        ("R2", "J1"),
    ]


def test_a_table_gains_the_column_that_the_contract_gained(landing):
    load(landing.settings)
    with duckdb.connect(str(landing.settings.database_path)) as connection:
        connection.execute("alter table raw.registrations drop column project_id")
    landing.batch("P1", "registrations", {**R1, "project_id": "J1"})
    load(landing.settings)
    assert landing.rows("select project_id from raw.registrations") == [("J1",)]


def test_a_changed_registry_replaces_the_configuration(landing, tmp_path):
    sources = tmp_path / "sources.yml"
    environment = {**landing.settings.environment, "WAREHOUSE_SOURCES": str(sources)}
    settings = type(landing.settings).from_environment(environment)
    first = "{id: A01, name: 甲, connector: files, inbox: %s, selected_to: 2020-04-01, feeds: [courses]}"
    second = '{id: A02, name: 乙, connector: files, inbox: %s, selected_by: "420000"}'
    bureau = 'bureaus: [{id: "420000", connector: files, inbox: %s, feeds: {penalties: {snapshot: true}}}]'
    sources.write_text(f"platforms: [{first}]\n{bureau}".replace("%s", str(tmp_path)), encoding="utf-8")
    land_configuration(settings)
    load(settings)
    assert landing.rows("select sender_id, sender_kind, selected_to::varchar from raw.config_senders order by 1") == [
        ("420000", "bureau", None),
        ("A01", "platform", "2020-04-01"),
    ]
    assert landing.rows("select * from raw.config_sender_feeds order by all") == [
        ("420000", "penalties", "files", True, False),
        ("A01", "courses", "files", False, True),
    ]
    sources.write_text(f"platforms: [{second}]".replace("%s", str(tmp_path)), encoding="utf-8")
    land_configuration(settings)
    load(settings)
    assert landing.rows("select sender_id, name, selected_by from raw.config_senders") == [("A02", "乙", "420000")]
    assert landing.rows(
        "select sender_id, known_from::varchar, known_to is null from raw.config_sender_versions order by known_from, 1"
    )[:2] == [("420000", "1900-01-01 00:00:00", False), ("A01", "1900-01-01 00:00:00", False)]
    assert landing.rows(
        "select later.sender_id, later.selected_by from raw.config_sender_versions as later "
        "join raw.config_sender_versions as earlier on later.known_from = earlier.known_to "
        "where earlier.sender_id = 'A01' and later.known_to is null"
    ) == [("A02", "420000")]
    assert landing.rows("select first_day::varchar, cadence_days, study_record_cut_hours from raw.config_campaign") == [
        ("2020-03-23", 14, 4)
    ]
    assert landing.rows("select due_at::varchar from raw.config_periods where period_number = 8") == [
        ("2020-07-15 18:00:00",)
    ]
    assert landing.rows("select target_value from raw.config_targets where target_code = 'registrations'") == [
        (5000000,)
    ]


def test_a_registry_of_the_past_that_is_refused_today_stops_no_load(landing, tmp_path, monkeypatch, caplog):
    sources = tmp_path / "sources.yml"
    environment = {**landing.settings.environment, "WAREHOUSE_SOURCES": str(sources)}
    settings = type(landing.settings).from_environment(environment)
    for number, name in enumerate("甲乙丙"):
        platform = f"{{id: A0{number}, name: {name}, connector: files, inbox: {tmp_path}, feeds: [courses]}}"
        sources.write_text(f"platforms: [{platform}]", encoding="utf-8")
        land_configuration(settings)
    understood = configuration._registry

    def stricter(content: str) -> Registry:
        if "乙" in content:
            raise RegistryError(sources, [])
        return understood(content)

    monkeypatch.setattr(configuration, "_registry", stricter)
    load(settings)
    assert landing.rows("select sender_id, known_to is null from raw.config_sender_versions order by 1") == [
        ("A00", False),
        ("A02", True),
    ]
    assert "can't be read any more and is passed over" in caplog.text


def test_a_kill_in_the_middle_leaves_all_or_nothing(landing):
    """Killed at ever later moments, the load never leaves an entry without its rows, and the next load completes it."""
    rows = [{**R1, "registration_id": f"R{n}", "registration_sk": n} for n in range(50)]
    for _ in range(4):
        landing.batch("P1", "registrations", *rows)
    code = (
        "from orchestration.settings import Settings; from orchestration.loading.load import load; "
        "load(Settings.from_environment())"
    )
    landed = landing.folder
    for delay in (0.0, 0.05, 0.15, 0.3):
        shutil.rmtree(landing.settings.warehouse_dir / "again", ignore_errors=True)
        root = landing.settings.warehouse_dir / "again"
        shutil.copytree(landed, root / "landing")
        environment = {**os.environ, "WAREHOUSE_DIR": str(root)}
        process = subprocess.Popen([sys.executable, "-c", code], env=environment)
        deadline = time.monotonic() + 30
        while not (root / "warehouse.duckdb").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        settings = type(landing.settings).from_environment(environment)
        load(settings)
        with duckdb.connect(str(settings.database_path), read_only=True) as connection:
            assert connection.execute("select count(*) from raw.registrations").fetchall() == [(200,)]
            assert connection.execute("select count(*), count(distinct sequence) from raw.ledger").fetchall() == [
                (4, 4)
            ]
