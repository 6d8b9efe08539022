"""The drawn world in a DuckDB file of its own: registry and calendar, then people.sql, records.sql, landed.sql.

    seeds + the sandbox's list of senders → world.duckdb → landed.py (landing), senders.py (inboxes, pages)

Everything in it is invented, id numbers included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration import calendar
from orchestration.campaign import load_campaign
from orchestration.sandbox.platforms import bureaus, platforms
from orchestration.settings import PROJECT_ROOT, SHANGHAI
from orchestration.sources.persons.addresses import address_keys
from orchestration.sources.persons.identity import persons, registration_sk_sql
from orchestration.sources.persons.pseudonyms import Pseudonymiser

FOLDER = Path(__file__).parent
NOW = datetime(2020, 7, 10, 9, 0, tzinfo=SHANGHAI)
# Made up and written here on purpose: nothing that it keys is about anyone.
KEY = bytes(range(32))
CAMPAIGN_PATH = PROJECT_ROOT / "campaign.yml"
SEEDS_DIR = PROJECT_ROOT / "seeds"


@dataclass(frozen=True)
class World:
    """`scale` 1 is 5.4 million registrations; `memory_limit` is DuckDB's while drawing."""

    folder: Path
    scale: float
    seed: int = 20200323
    memory_limit: str = "6GiB"

    @property
    def path(self) -> Path:
        return self.folder / "world.duckdb"

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with the generator's variables set; temporary files beside the world."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config: dict = {"memory_limit": self.memory_limit, "preserve_insertion_order": False}
        with duckdb.connect(str(self.path), config=config) as connection:
            connection.execute(f"set variable scale = {self.scale}; set variable seed = {self.seed}")
            yield connection


def draw(world: World) -> None:
    """Draw the world into its file, which must not be there yet."""
    with world.open() as connection:
        _reference(connection)
        for name in ("people", "records"):
            connection.execute(_sql(name))
        _pseudonymise(connection)
        registration_sk = registration_sk_sql("platform_id", "registration_id")
        connection.execute(_sql("landed").replace("__REGISTRATION_SK__", registration_sk))


def _pseudonymise(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables `identity` and `address` of everybody drawn, by the functions that landing calls."""
    pseudonymiser = Pseudonymiser.of(KEY)
    asked = connection.sql("select distinct id_type, id_number from person").to_arrow_table()
    found = persons(asked["id_type"], asked["id_number"], NOW.date(), pseudonymiser)
    _keep(
        connection, "identity", pa.table([*asked.columns, *found.columns], [*asked.column_names, *found.column_names])
    )
    asked = connection.sql("select distinct client_ip from person").to_arrow_table()
    keys = address_keys(asked["client_ip"], pseudonymiser)
    _keep(connection, "address", asked.append_column("client_ip_key", keys))


def _keep(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("rows", rows)
    connection.execute(f"create temp table {name} as from rows")
    connection.unregister("rows")


def begun_periods() -> list[calendar.Period]:
    """The periods that the benchmark's clock has seen begin."""
    return calendar.begun(calendar.periods(load_campaign(CAMPAIGN_PATH)), NOW)


def draw_sent(world: World, period: calendar.Period) -> None:
    """Add sent_registrations and sent_learning_records of one period."""
    with world.open() as connection:
        connection.execute(
            f"set variable sent_from = timestamp '{period.start}'; "
            f"set variable sent_to = timestamp '{period.closes_at.date()}'"
        )
        connection.execute(_sql("senders"))


def _reference(connection: duckdb.DuckDBPyConnection) -> None:
    platform_ids = [spec.id for spec in platforms(begun_periods()[0].start)]
    tables = {
        "platform (platform_id varchar, n bigint)": [(name, n) for n, name in enumerate(platform_ids)],
        "bureau (bureau_id varchar)": [(spec.id,) for spec in bureaus()],
        "period (period_start date, n bigint)": [(period.start, period.number) for period in begun_periods()],
    }
    for table, rows in tables.items():
        connection.execute(f"create table {table}")
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {table.split()[0]} values ({marks})", rows)
    connection.execute(
        f"""
        create table county as
        select row_number() over (order by region_code) - 1 as n, region_code
        from read_csv('{SEEDS_DIR / "regions.csv"}', all_varchar = true)
        where level = 'county' and coalesce(valid_to, '') = '' and valid_from < '2020'
            and left(region_code, 2) || '0000' in (select bureau_id from bureau);
        create table occupation as
        select row_number() over (order by occupation_code) - 1 as n, occupation_code, category
        from read_csv('{SEEDS_DIR / "occupations.csv"}', all_varchar = true);
        """
    )


def _sql(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
