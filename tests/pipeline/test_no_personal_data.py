"""No id number, name or phone of the world on any disk that the warehouse writes: the bytes are searched.

Compressed files are searched twice: as they lie there, and with every value of every column read out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pytest
from deployment import Built, Deployment

from orchestration.sandbox.drawing import draw
from orchestration.sandbox.world import Manifest

pytestmark = pytest.mark.pipeline
PROJECT = Path(__file__).resolve().parents[2]
HAN = rb"(?:[\xe4-\xe9][\x80-\xbf]{2})"


@dataclass(frozen=True)
class Identities:
    """What must not be found. Names are only those that no public text of the project holds (a county may be called
    like a person)."""

    id_numbers: frozenset[bytes]
    phones: frozenset[bytes]
    names: frozenset[str]

    @cached_property
    def in_gb18030(self) -> frozenset[bytes]:
        """The first six bytes of each name: two characters are four bytes, which compressed data holds by chance; three
        are telling."""
        return frozenset(name.encode("gb18030")[:6] for name in self.names if len(name) >= 3)

    @cached_property
    def begins_in_gb18030(self) -> np.ndarray:
        """Of each pair of bytes, as a number: whether a name begins with it."""
        begins = np.zeros(1 << 16, dtype=bool)
        begins[[int.from_bytes(name[:2], "big") for name in self.in_gb18030]] = True
        return begins


@pytest.fixture(scope="module")
def identities(built: Built) -> Identities:
    manifest = Manifest.read(built.world)
    people = draw(manifest.seed, manifest.registrations, manifest.learning_records).people
    public = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("seeds", "dbt_project", "orchestration")
        for path in sorted((PROJECT / folder).rglob("*"))
        if path.suffix in {".csv", ".yml", ".sql", ".md", ".py"}
    )
    public += (built.world / "sources.yml").read_text(encoding="utf-8")
    names = {str(name) for name in people.name.tolist()}
    found = Identities(
        frozenset(str(number).encode() for number in people.id_number.tolist() if number),
        frozenset(str(phone).encode() for phone in people.phone.tolist() if phone),
        frozenset(name for name in names if name not in public),
    )
    assert min(len(found.id_numbers), len(found.phones)) > 500 and len(found.names) > 100
    return found


def found_in(data: bytes, identities: Identities) -> list[str]:
    """Everything of `identities` that stands in `data`, as UTF-8 or as GB18030."""
    hits = [
        f"an id number of {len(number)} characters"
        for number in set(re.findall(rb"(?=([0-9]{17}[0-9Xx]))", data)) & identities.id_numbers
    ]
    hits += ["a phone" for _ in set(re.findall(rb"(?=(1[0-9]{10}))", data)) & identities.phones]
    for run in set(re.findall(HAN + rb"{2,}", data)):
        text = run.decode("utf-8", "ignore")
        for length in (2, 3, 4):
            starts = range(len(text) - length + 1)
            hits += ["a name in UTF-8" for at in starts if text[at : at + length] in identities.names]
    hits += ["a name in GB18030" for _ in range(_in_gb18030(data, identities))]
    return hits


def _in_gb18030(data: bytes, identities: Identities) -> int:
    """How many places hold the beginning of a name."""
    octets = np.frombuffer(data, dtype=np.uint8).astype(np.uint16)
    places = np.flatnonzero(identities.begins_in_gb18030[(octets[:-1] << 8) | octets[1:]])
    return sum(data[place : place + 6] in identities.in_gb18030 for place in places.tolist())


def test_the_search_finds_what_it_looks_for(built: Built, identities: Identities) -> None:
    """In the senders' own files, where all of it stands."""
    delivered = b"".join(path.read_bytes() for path in sorted((built.world / "inbox").rglob("*.csv")))
    delivered += b"".join(path.read_bytes() for path in sorted((built.world / "platforms").rglob("*registrations*")))
    found = set(found_in(delivered, identities))
    assert {"an id number of 18 characters", "a phone", "a name in UTF-8"} <= found
    name = next(name for name in identities.names if len(name) == 3)
    assert found_in(name.encode("gb18030"), identities) == ["a name in GB18030"]


def test_no_byte_on_disk_identifies_anybody(built: Built, identities: Identities) -> None:
    files = [path for path in sorted(built.deployment.directory.rglob("*")) if path.is_file() and not path.is_symlink()]
    assert {"landing", "published", "dbt"} <= {path.relative_to(built.deployment.directory).parts[0] for path in files}
    guilty = {str(path): hits for path in files if (hits := found_in(path.read_bytes(), identities))}
    assert guilty == {}


def test_no_value_in_any_column_identifies_anybody(built: Built, identities: Identities) -> None:
    guilty = {}
    read = 0
    for where, text in _columns(built.deployment.directory):
        read += 1
        if hits := found_in(text, identities):
            guilty[where] = hits
    assert read > 500
    assert guilty == {}


def test_neither_the_answer_nor_the_messages_identify_anybody(built: Built, identities: Identities) -> None:
    said = built.first.text + built.deployment.run("quarantine", "list", "--limit", "0", "--json").text
    assert found_in(said.encode(), identities) == []


def test_nothing_in_dagsters_storage_identifies_anybody(
    few_sources: Path, tmp_path: Path, identities: Identities
) -> None:
    """A platform's registrations pulled by Dagster: its events, logs and databases, and what it printed."""
    deployment = Deployment(tmp_path / "warehouse", few_sources)
    home = deployment.directory / "dagster"
    home.mkdir(parents=True)
    arguments = ["-m", "orchestration.definitions", "--select", 'key:"landing/registrations"']
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dagster"),
            "asset",
            "materialize",
            *arguments,
            "--partition",
            "2020-03-23|P001",
        ],
        env=deployment.environment | {"DAGSTER_HOME": str(home)},
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said.decode("utf-8", "replace")
    assert [line["feed"] for line in deployment.ledger_lines()["P001"]] == ["registrations"]
    kept = [path for path in sorted(deployment.directory.rglob("*")) if path.is_file()]
    assert any(home in path.parents and path.suffix == ".db" for path in kept)
    assert {str(path): hits for path in kept if (hits := found_in(path.read_bytes(), identities))} == {}
    assert found_in(said, identities) == []


def _columns(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Every column of every table and of every feed's Parquet files, as the text of its values."""
    for database in (directory / "warehouse.duckdb", directory / "published" / "marts.duckdb"):
        with duckdb.connect(str(database), read_only=True) as connection:
            tables = connection.execute(
                "select distinct schema_name, table_name from duckdb_columns() where not internal order by all"
            ).fetchall()
            for schema, table in tables:
                for column, text in _texts(connection, f'"{schema}"."{table}"'):
                    yield f"{database.name} {schema}.{table}.{column}", text
    with duckdb.connect(":memory:") as connection:
        for feed in sorted(path for path in (directory / "landing").glob("*") if path.name != "_ledger"):
            if any(feed.rglob("*.parquet")):
                files = f"read_parquet('{feed}/**/*.parquet', union_by_name = true, hive_partitioning = false)"
                for column, text in _texts(connection, files):
                    yield f"{feed} {column}", text


def _texts(connection: duckdb.DuckDBPyConnection, relation: str) -> Iterator[tuple[str, bytes]]:
    """Column → its different values, a line each; all columns in one reading."""
    columns = [row[0] for row in connection.execute(f"describe from {relation}").fetchall()]
    values = ", ".join(f"string_agg(distinct \"{column}\"::varchar, '\n')" for column in columns)
    row = connection.execute(f"select {values} from {relation}").fetchone()
    for column, text in zip(columns, row or (), strict=True):
        yield column, (text or "").encode()
