"""The copy in PostgreSQL: the same rows as the published file, all or none of them, and nobody's rights lost."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from adbc_driver_postgresql import dbapi as adbc
from publishing_world import make_warehouse
from support.postgres_server import postgres_server, programs

from orchestration.loading.database import open_for_writing
from orchestration.publishing import files
from orchestration.publishing.errors import PublishError
from orchestration.publishing.publish import publish
from orchestration.settings import Settings

needs_server = pytest.mark.skipif(programs() is None, reason="PostgreSQL's server is not installed")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    # Not pytest's folder: the server's own user must be able to come to it.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        Path(folder).chmod(0o755)
        with postgres_server(Path(folder)) as dsn:
            yield dsn


@pytest.fixture
def served(settings: Settings, server: str) -> Settings:
    ask(server, "drop schema if exists marts cascade", "drop role if exists hubei")
    return replace(settings, environment={**settings.environment, "WAREHOUSE_POSTGRES_DSN": server})


def ask(dsn: str, *statements: str) -> list[tuple]:
    with adbc.connect(dsn) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        rows = cursor.fetchall() if statements[-1].startswith("select") else []
        connection.commit()
    return rows


def in_file(settings: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(settings.published_dir / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def change(settings: Settings, statement: str) -> None:
    with open_for_writing(settings) as connection:
        connection.execute(statement)


ROWS = (
    "select province_code, platform_id, period_start::text, registrations, study_hours::text, is_suppressed "
    "from marts.registration_progress order by period_start, province_code, platform_id"
)
VERSION = "select version from marts.publication"


@needs_server
def test_every_published_table_has_the_same_rows_types_and_comments(served: Settings, server: str) -> None:
    report = publish(served)
    publish(served)
    assert ask(server, ROWS) == in_file(served, ROWS) != []
    assert ask(server, VERSION) == in_file(served, VERSION) != [(report.version,)]
    counts = dict(in_file(served, "select table_name, rows_count from marts.publication_table"))
    for table, count in counts.items():
        assert ask(server, f"select count(*) from marts.{table}") == [(count,)], table
    types = "select data_type, numeric_precision::int, numeric_scale::int from information_schema.columns "
    where = "where table_schema = 'marts' and table_name = 'registration_progress' and column_name = "
    assert ask(server, f"{types}{where}'study_hours'") == [("numeric", 18, 4)]
    assert ask(server, f"{types}{where}'period_start'")[0][0] == "date"
    comment = "select obj_description('marts.registration_progress'::regclass), col_description(attrelid, attnum) "
    flag = "from pg_attribute where attrelid = 'marts.registration_progress'::regclass and attname = 'is_suppressed'"
    assert "withheld" in ask(server, comment + flag)[0][1]
    assert ask(server, "select to_regclass('marts.learner_timeline')::text") == [(None,)]


@needs_server
def test_a_role_keeps_its_rights_and_rows_and_a_reader_never_sees_half(served: Settings, server: str) -> None:
    publish(served)
    ask(
        server,
        "create role hubei",
        "grant usage on schema marts to hubei",
        "grant select on marts.registration_progress to hubei",
        "alter table marts.registration_progress enable row level security",
        "create policy own on marts.registration_progress for select to hubei using (province_code = '420000')",
    )
    make_warehouse(served, registrations=1200, seed=0.5)
    with adbc.connect(server) as reader, reader.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("select count(*) from marts.registration_progress")
        before = cursor.fetchall()
        publish(served)
        cursor.execute("select count(*) from marts.registration_progress")
        assert cursor.fetchall() == before
    seen = ask(server, "set role hubei", "select distinct province_code from marts.registration_progress")
    assert seen == [("420000",)]
    assert ask(server, ROWS) == in_file(served, ROWS)


@needs_server
def test_a_column_that_came_or_went_changes_the_table_and_keeps_it(served: Settings, server: str) -> None:
    publish(served)
    oid = "select 'marts.reporting_timeliness'::regclass::oid::bigint"
    before = ask(server, oid)
    change(served, "alter table marts.reporting_timeliness drop column sender_name_zh")
    change(served, "alter table marts.reporting_timeliness add column note varchar default '见附件'")
    change(served, "alter table marts.reporting_timeliness alter days_late type double")
    publish(served)
    assert ask(server, "select note, days_late from marts.reporting_timeliness") == [("见附件", 3.0)]
    assert ask(server, oid) == before
    kept = "select count(*) from information_schema.columns where table_name = 'reporting_timeliness'"
    assert ask(server, f"{kept} and column_name = 'sender_name_zh'") == [(0,)]


@needs_server
def test_a_table_published_no_more_is_emptied(served: Settings, server: str) -> None:
    publish(served)
    change(served, "drop table marts.reporting_timeliness")
    publish(served)
    assert ask(server, "select count(*) from marts.reporting_timeliness") == [(0,)]


@needs_server
def test_what_postgresql_refuses_leaves_both_copies_as_they_were(served: Settings, server: str) -> None:
    first = publish(served)
    ask(server, "create view who as select sender_name_zh from marts.reporting_timeliness")
    change(served, "alter table marts.reporting_timeliness drop column sender_name_zh")
    with pytest.raises(PublishError, match="nothing was published: PostgreSQL refused: .*view who depends") as caught:
        publish(served)
    assert "hidden@" not in str(caught.value)
    assert ask(server, VERSION) == in_file(served, VERSION) == [(first.version,)]
    ask(server, "drop view who")


@needs_server
def test_what_stops_the_swap_leaves_postgresql_as_it_was(
    served: Settings, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(served)
    monkeypatch.setattr(files, "swap_database", _full_disk)
    with pytest.raises(PublishError, match="No space left"):
        publish(served)
    assert ask(server, VERSION) == [(first.version,)]


def _full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_server_that_is_not_there_stops_the_publication_without_telling_the_password(settings: Settings) -> None:
    dsn = "postgresql://reader:hidden@127.0.0.1:1/marts"
    with pytest.raises(PublishError, match="WAREHOUSE_POSTGRES_DSN: PostgreSQL can't be reached") as caught:
        publish(replace(settings, environment={**settings.environment, "WAREHOUSE_POSTGRES_DSN": dsn}))
    assert "hidden" not in str(caught.value)
    assert not [path for path in settings.published_dir.rglob("*") if path.is_file()]


def test_an_address_that_is_none_is_not_repeated(settings: Settings) -> None:
    dsn = "postgresql//reader:hidden@db/marts"
    with pytest.raises(PublishError, match="WAREHOUSE_POSTGRES_DSN") as caught:
        publish(replace(settings, environment={**settings.environment, "WAREHOUSE_POSTGRES_DSN": dsn}))
    assert "hidden" not in str(caught.value)
