"""A warehouse whose raw rows a test writes itself: no sender, no landing, only dbt, or its statements alone.

    world = RawWorld(tmp_path, now="2020-05-06T12:00:00+08:00")
    world.platform("P1", selected_from="2020-03-23")
    world.add("registrations", sender_id="P1", registration_id="R1", person="甲", registered_at="2020-03-24 08:00:00")
    world.build("+fct_registration")  # by dbt; or world.run(compiled_project, "fct_registration")
    world.rows("select is_counted from core.fct_registration")

A row needs only what its test is about: every other required field has a plain default (see `_DEFAULTS`). A literal's
text is cast to its column's type. `person` stands for an id number and becomes person_key and person_sk.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import polars as pl
from support.compiled_project import CompiledProject
from support.literal_rows import insert

from orchestration import calendar
from orchestration.campaign import load_campaign
from orchestration.loading.configuration import replace_campaign
from orchestration.loading.database import open_for_writing, writer_lock
from orchestration.loading.raw_schema import raw_tables
from orchestration.settings import SHANGHAI, Settings
from orchestration.sources.feeds import FEEDS
from orchestration.transforming.dbt import transform
from orchestration.transforming.results import TransformReport

_EARLY = "2020-03-23 00:00:00"
_SIXTY_THREE_BITS = 2**63 - 1
# What a field is when the test does not say; fields not listed are null.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "courses": {
        "course_id": "C1",
        "title": "课程",
        "occupation_code": "6-21-06-04",
        "content_category": "urgent_shortage",
        "class_hours": 10,
        "delivery_mode": "recorded",
        "is_free": True,
        "review_status": "approved",
        "published_at": "2020-03-01 00:00:00",
    },
    "registrations": {
        "registration_id": "R1",
        "course_id": "C1",
        "id_type": "resident_id",
        "region_code": "420102",
        "declared_groups": [],
        "real_name_status": "verified",
        "registered_at": "2020-03-24 08:00:00",
        "status": "active",
    },
    "learning_records": {
        "record_id": "L1",
        "registration_id": "R1",
        "kind": "study",
        "started_at": "2020-03-25 08:00:00",
    },
    "certificates": {
        "certificate_no": "Z1",
        "registration_id": "R1",
        "issued_at": "2020-04-01 12:00:00",
        "class_hours": 10,
    },
    "reminders": {
        "reminder_id": "M1",
        "registration_id": "R1",
        "sent_at": "2020-04-01 09:00:00",
        "channel": "sms",
    },
    "dispatch_reports": {
        "region_code": "420000",
        "period_start": "2020-03-23",
        "filed_at": "2020-04-08 10:00:00",
        "version": 1,
        "indicator_code": "registrations",
    },
    "eligibility_rosters": {
        "id_type": "resident_id",
        "group_code": "KG07",
        "valid_from": "2020-01-01",
        "region_code": "420102",
    },
    "institutions": {
        "institution_uscc": "91420100000000001X",
        "name": "机构",
        "kind": "training",
        "valid_from": "2020-01-01",
        "region_code": "420102",
    },
    "training_projects": {
        "project_id": "J1",
        "name": "项目",
        "kind": "catalogue",
        "starts_on": "2020-01-01",
        "region_code": "420102",
    },
    "subsidy_payments": {
        "payment_id": "Y1",
        "scheme": "training",
        "fund": "special_account",
        "payee_kind": "person",
        "amount": "100.00",
        "status": "claimed",
        "claimed_on": "2020-04-10",
        "region_code": "420102",
    },
    "penalties": {
        "penalty_id": "F1",
        "subject_kind": "platform",
        "subject_id": "P1",
        "reason": "样例",
        "decided_on": "2020-04-01",
        "region_code": "420102",
    },
}


def person_key(person: str) -> UUID:
    """A stand-in for the pseudonym: the same name is the same person."""
    return UUID(bytes=hashlib.md5(person.encode()).digest())


def person_sk(person: str) -> int:
    """The key's first eight bytes, big-endian, without the sign, as landing derives it."""
    return int.from_bytes(person_key(person).bytes[:8], "big") & _SIXTY_THREE_BITS


def registration_sk(sender_id: str, registration_id: str) -> int:
    """As landing derives it: the lower half of the MD5, as DuckDB reads it, without the sign."""
    digest = hashlib.md5(f"{sender_id}\x1f{registration_id}".encode()).digest()
    return int.from_bytes(digest[8:], "little") & _SIXTY_THREE_BITS


class RawWorld:
    """One small warehouse in `directory`; `now` is its clock, ISO 8601 with offset."""

    def __init__(
        self, directory: Path, now: str = "2020-05-06T12:00:00+08:00", environment: Mapping[str, str] | None = None
    ) -> None:
        self.settings = Settings.from_environment(
            {
                **os.environ,
                "WAREHOUSE_THREADS": "2",
                "WAREHOUSE_MEMORY_LIMIT": "2GB",
                # Tests of what was not selected can't run, and unit tests don't look at this world's rows.
                "DBT_INDIRECT_SELECTION": "cautious",
                "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
                **(environment or {}),
                "WAREHOUSE_DIR": str(directory),
                "WAREHOUSE_NOW": now,
            }
        )
        self._sequences: dict[str, int] = {}
        # Table of raw → rows not yet in the database: each opening of it costs more than all of them
        self._pending: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        with self._writing() as connection:
            campaign = load_campaign(self.settings.campaign_path)
            replace_campaign(connection, campaign, calendar.periods(campaign))

    def platform(self, sender_id: str = "P1", **fields: Any) -> None:
        """A platform with all its feeds, selected from the action's first day on unless `selected_from` says otherwise.
        `snapshots`: its feeds that send the whole state each time."""
        self._sender(sender_id, "platform", {"selected_from": "2020-03-23", "selected_by": "ministry", **fields})

    def bureau(self, sender_id: str = "420000", **fields: Any) -> None:
        """A bureau with all its feeds."""
        self._sender(sender_id, "bureau", fields)

    def add(self, feed: str, sender_id: str, *rows: Mapping[str, Any], sequence: int | None = None, **row: Any) -> None:
        """Add one batch of rows as the sender's next ledger entry (or a given one), in the order of their positions.

        Each row may name `person`; `period_start` of the batch is where the rows' `_period_start` points, by default
        the first period. Keyword arguments are a single row.
        """
        batch = [*rows, row] if row or not rows else list(rows)
        number = sequence or self._sequences.get(sender_id, 0) + 1
        self._sequences[sender_id] = max(number, self._sequences.get(sender_id, 0))
        batch_id = f"{sender_id}-{feed}-{number:06d}"
        received_at = self.settings.now().replace(tzinfo=None).isoformat(sep=" ")
        for extra in batch:
            received_at = str(extra.get("_received_at", received_at))
        common = {
            "sender_id": sender_id,
            "_batch_id": batch_id,
            "_ledger_sequence": number,
            "_received_at": received_at,
            "_period_start": "2020-03-23",
        }
        filled = [
            common | {"_position": position} | self._complete(feed, sender_id, given)
            for position, given in enumerate(batch, start=1)
        ]
        self._insert(feed, filled)
        self._insert("ledger", [self._entry(sender_id, feed, number, batch_id, received_at, len(batch))])
        period = {"period_start": filled[0]["_period_start"] if filled else "2020-03-23"}
        self._insert(
            "ledger_periods",
            [
                {"sender_id": sender_id, "sequence": number, "batch_id": batch_id, "feed": feed}
                | {"rows_count": len(batch), "quarantined_rows_count": 0}
                | period
            ],
        )

    def empty_snapshot(self, feed: str, sender_id: str, received_at: str) -> None:
        """A batch that holds no row at all."""
        number = self._sequences[sender_id] = self._sequences.get(sender_id, 0) + 1
        batch_id = f"{sender_id}-{feed}-{number:06d}"
        self._insert("ledger", [self._entry(sender_id, feed, number, batch_id, received_at, 0)])

    def build(self, select: str | None = None) -> TransformReport:
        """Run dbt with its tests on this world (or the nodes of `select`); fails the test on any error."""
        self._put_pending()
        report = transform(self.settings, select=select)
        troubles = (*report.messages, *report.failures, *report.tests_failed, report.skipped)
        assert report.is_ok, "\n".join(map(str, troubles))
        return report

    def run(self, project: CompiledProject, *models: str) -> None:
        """Make these models and what they stand on by their statements, without dbt: a tenth of the time."""
        self._put_pending()
        project.run(self.settings, models)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query answers, reading only."""
        self._put_pending()
        with duckdb.connect(str(self.settings.database_path), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Put literal rows into a table of the schema raw, no defaults."""
        self._insert(table, list(rows))

    def insert_frame(self, table: str, frame: pl.DataFrame) -> None:
        """Put a frame's columns that a table of the schema raw has into it, each cast to the column's type."""
        types = raw_tables()[table]
        shared = [name for name in frame.columns if name in types]
        named = ", ".join(f'"{name}"' for name in shared)
        cast = ", ".join(f'cast("{name}" as {types[name]})' for name in shared)
        with self._writing() as connection:
            connection.register("given", frame.to_arrow())
            connection.execute(f"insert into raw.{table} ({named}) select {cast} from given")

    def _writing(self) -> _Writing:
        return _Writing(self.settings)

    def _sender(self, sender_id: str, kind: str, fields: Mapping[str, Any]) -> None:
        snapshots = fields.get("snapshots", ())
        row = {"sender_id": sender_id, "sender_kind": kind, "name": sender_id, "ministry_affiliated": False}
        row |= {name: value for name, value in fields.items() if name != "snapshots"}
        self._insert("config_senders", [row])
        feeds = [name for name, feed in FEEDS.items() if feed.sender_kind == kind]
        self._insert(
            "config_sender_feeds",
            [
                {"sender_id": sender_id, "feed": feed, "connector": "files", "is_snapshot": feed in snapshots}
                | {"is_due_every_period": kind == "platform" or feed == "dispatch_reports"}
                for feed in feeds
            ],
        )

    def _complete(self, feed: str, sender_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        row = {**_DEFAULTS[feed], **given}
        if FEEDS[feed].version_field == "updated_at":
            row.setdefault("updated_at", _EARLY)
        if person := row.pop("person", "甲" if feed in ("registrations", "eligibility_rosters") else None):
            row |= {"person_key": str(person_key(person)), "person_sk": person_sk(person)}
        if "registration_id" in row:
            row["registration_sk"] = registration_sk(sender_id, row["registration_id"])
        return row

    def _entry(
        self, sender_id: str, feed: str, number: int, batch_id: str, received_at: str, rows_count: int
    ) -> dict[str, Any]:
        return {
            "sender_id": sender_id,
            "sequence": number,
            "kind": "batch",
            "batch_id": batch_id,
            "feed": feed,
            "payload_sha256": batch_id,
            "received_at": received_at,
            "began_at": received_at,
            "is_whole": True,
            "rows_count": rows_count,
            "quarantined_rows_count": 0,
        }

    def _insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        types = raw_tables()[table]
        if strangers := {name for row in rows for name in row} - types.keys():
            raise KeyError(f"raw.{table} has no column {', '.join(sorted(strangers))}")
        self._pending[table] += rows

    def _put_pending(self) -> None:
        if self._pending:
            with self._writing() as connection:
                for table, rows in self._pending.items():
                    insert(connection, f"raw.{table}", rows, raw_tables()[table])
            self._pending.clear()


class _Writing:
    """A connection under the writer lock, for one `with`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        self._lock = writer_lock(self._settings)
        self._lock.__enter__()
        self._connection = open_for_writing(self._settings)
        return self._connection

    def __exit__(self, *problem: object) -> None:
        self._connection.close()
        self._lock.__exit__(None, None, None)


def shanghai(text: str) -> datetime:
    """`2020-05-06 12:00` as a moment with offset."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
