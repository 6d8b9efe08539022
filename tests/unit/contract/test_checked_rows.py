"""A large export's rows stay a view until one of them has to be changed: it comes out as a table does."""

from __future__ import annotations

import duckdb
import pytest
from payload_fakes import MAN, WOMAN, learning_record, payload, registration, terms

from orchestration.sources.checking import checked_rows
from orchestration.sources.checking.contract import check, keep_rows, open_workspace

CLEAN = [registration(registration_id=f"R{number}", id_number=(WOMAN, MAN)[number % 2]) for number in range(6)]
RECORDS = [learning_record(record_id=f"L{number}", client_ip=f"10.0.0.{number % 3}") for number in range(6)]
BATCHES = {
    "clean": ("registrations", CLEAN),
    "records": ("learning_records", RECORDS),
    "no person": ("registrations", [*CLEAN, registration(registration_id="R7", id_number="420106199001010029")]),
    "number elsewhere": ("registrations", [*CLEAN, registration(registration_id="R7", project_id=WOMAN)]),
    "repeated": ("registrations", [*CLEAN, CLEAN[0], CLEAN[1] | {"course_id": "C9"}]),
    "repeated records": ("learning_records", [*RECORDS, RECORDS[0], RECORDS[1] | {"status": "voided"}]),
    "missing": ("learning_records", [*RECORDS, learning_record(record_id=None)]),
}


def outcome(batch: str, kept: str | None = None) -> tuple:
    """What `check` leaves of a batch, less the rows whose positions the SQL `kept` does not list, if it is given."""
    feed, rows = BATCHES[batch]
    with open_workspace("1GiB") as connection:
        checked = check(connection, payload(feed, rows), terms())
        checked = keep_rows(connection, checked, kept) if kept else checked
        found = connection.execute("SELECT * FROM checked ORDER BY _position")
        types = [(column[0], str(column[1])) for column in found.description or ()]
        return checked.periods, types, found.fetchall(), is_view(connection)


def is_view(connection: duckdb.DuckDBPyConnection) -> bool:
    tables = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'checked_rows'").fetchall()
    return tables == [(0,)]


@pytest.mark.parametrize("kept", [None, "SELECT 2 UNION ALL SELECT 7"])
@pytest.mark.parametrize("batch", BATCHES)
def test_a_view_comes_out_as_a_table_does(batch, kept, monkeypatch):
    as_a_table = outcome(batch, kept)
    monkeypatch.setattr(checked_rows, "WORTH_A_VIEW_ROWS", 0)
    as_a_view = outcome(batch, kept)
    assert as_a_view[:3] == as_a_table[:3]
    assert not as_a_table[3]
    assert as_a_view[3] == (kept is None and batch in ("clean", "records"))


def test_one_connection_checks_a_batch_after_another_either_way(monkeypatch):
    with open_workspace("1GiB") as connection:
        for worth in (0, 100, 0, 0, 100):
            monkeypatch.setattr(checked_rows, "WORTH_A_VIEW_ROWS", worth)
            assert check(connection, payload(*BATCHES["clean"]), terms()).rows_count == len(CLEAN)
            assert is_view(connection) == (worth == 0)
