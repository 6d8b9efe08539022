"""`warehouse known-at`: any past moment again, from landing alone, whatever has been restated since.

The hand world in two deliveries. At THEN a platform's first file, a bureau's roster and report had come; at NOW came
the rest, a restatement of what was there, another registry and other rules.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from deployment import Deployment, tables_of

from orchestration.known_at.build import rebuild
from orchestration.reporting.progress import SilentReporter
from orchestration.settings import PROJECT_ROOT, Settings

GIVEN = Path(__file__).parents[1] / "golden" / "hand_world" / "given" / "inbox"
THEN, BETWEEN, NOW = "2020-04-21T10:00:00+08:00", "2020-05-01T23:59:59+08:00", "2020-05-06T12:00:00+08:00"
LATER = (
    "A01/registrations/part2.csv",
    "A02/registrations/r.ndjson",
    "A01/certificates/c.csv",
    "420000/subsidy_payments",
)
REGISTRY = """
platforms:
  - id: A01
    name: 样例平台甲
    connector: files
    inbox: {inbox}/A01
    ministry_affiliated: true
    selected_from: 2020-03-23
    selected_to: null
    selected_by: ministry
  - id: A02
    name: 样例平台乙
    connector: files
    inbox: {inbox}/A02
    selected_from: {selected_from}
    selected_to: 2020-04-20
    selected_by: "420000"
bureaus:
  - id: "420000"
    name: 湖北省人力资源和社会保障厅
    connector: files
    inbox: {inbox}/420000
    encoding: gb18030
    feeds: [dispatch_reports, eligibility_rosters, subsidy_payments]
"""

pytestmark = pytest.mark.pipeline


@dataclass(frozen=True)
class Twice:
    """A deployment built at THEN and again at NOW; `at_then` is a copy made in between."""

    deployment: Deployment
    at_then: Path

    def at(self, moment: str, directory: Path | None = None) -> Deployment:
        return replace(self.deployment, now=moment, directory=directory or self.deployment.directory)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    root = tmp_path_factory.mktemp("known_at")
    inbox, seeds = root / "inbox", root / "seeds"
    shutil.copytree(GIVEN, inbox)
    shutil.copytree(PROJECT_ROOT / "seeds", seeds)
    waiting = root / "waiting"
    for name in LATER:
        (waiting / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(inbox / name, waiting / name)
    sources = root / "sources.yml"
    sources.write_text(REGISTRY.format(inbox=inbox, selected_from="2020-04-06"), encoding="utf-8")
    more = {"WAREHOUSE_PSEUDONYM_KEY": "0f" * 32, "WAREHOUSE_SEEDS": str(seeds)}
    deployment = Deployment(root / "warehouse", sources, THEN, more)
    first = deployment.run("build")
    assert first.exit_code == 0, first.text
    shutil.copytree(deployment.directory, root / "at_then", symlinks=True)

    shutil.copytree(waiting, inbox, dirs_exist_ok=True)
    restated = (inbox / "A01/registrations/part1.csv").read_bytes()
    (inbox / "A01/registrations/restated.csv").write_bytes(restated.replace(b"active", b"cancelled"))
    sources.write_text(REGISTRY.format(inbox=inbox, selected_from="2020-03-23"), encoding="utf-8")
    groups = seeds / "key_groups.csv"
    groups.write_text(groups.read_text(encoding="utf-8").replace("贫困", "脱贫"), encoding="utf-8")
    second = replace(deployment, now=NOW).run("build")
    assert second.exit_code == 0, second.text
    return Twice(replace(deployment, now=NOW), root / "at_then")


def marts(database: Path) -> dict[str, list[tuple]]:
    """Every published table but those that say when and by which run it was published."""
    return {name: rows for name, rows in tables_of(database, "marts").items() if not name.startswith("publication")}


def test_a_published_moment_comes_again_value_by_value(twice: Twice) -> None:
    before = (twice.deployment.published.readlink(), marts(twice.deployment.published))
    done = twice.deployment.run("known-at", THEN, "--json")
    assert done.exit_code == 0, done.text
    path = twice.deployment.directory / "published" / "marts-known-20200421T0200Z.duckdb"
    assert done.answer["publication"]["path"] == str(path)
    assert done.answer["seeds_of_today"] == []
    published_then = (twice.at_then / "published" / "marts.duckdb").resolve()
    assert marts(path) == marts(published_then)
    assert marts(path) != before[1], "the second delivery changed nothing: this test shows nothing"
    assert (twice.deployment.published.readlink(), marts(twice.deployment.published)) == before
    left = [entry.name for entry in twice.deployment.directory.iterdir() if entry.name.startswith(".known-at-")]
    assert left == []
    with duckdb.connect(str(path), read_only=True) as connection:
        known_at, entries = connection.execute(
            "select known_at, (select sum(sequence) from marts.publication_ledger) from marts.publication"
        ).fetchall()[0]
    assert known_at == datetime.fromisoformat(THEN).replace(tzinfo=None)
    loaded_then = sum(len(lines) for lines in Deployment(twice.at_then, Path()).ledger_lines().values())
    assert entries == loaded_then


def test_a_moment_between_equals_a_warehouse_that_never_knew_more(twice: Twice, tmp_path: Path) -> None:
    settings = Settings.from_environment(twice.at(NOW).environment)
    directory = tmp_path / "then"
    directory.mkdir()
    then, loaded, seeds_of_today = rebuild(settings, datetime.fromisoformat(BETWEEN), directory, SilentReporter())
    assert loaded.batches_count > 0
    assert seeds_of_today == ()
    only_then = twice.at(BETWEEN, twice.at_then)
    # The seeds of then: the folder in use has other ones by now
    only_then = replace(only_then, more=only_then.more | {"WAREHOUSE_SEEDS": str(directory / "seeds")})
    done = only_then.run("transform")
    assert done.exit_code == 0, done.text
    found, expected = tables_of(then.database_path, "marts"), tables_of(only_then.database, "marts")
    assert found == expected
    assert found["registration_progress"] != tables_of(twice.deployment.database, "marts")["registration_progress"]


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2020-05-06T12:00:01+08:00", "still to come"),
        ("2020-04-21T09:59:59+08:00", "nothing had been received by then"),
        ("2020-04-21T10:00:00", "has no offset"),
        ("last week", "not ISO 8601"),
    ],
)
def test_a_moment_that_cannot_be_built_is_wrong_use(twice: Twice, time: str, said: str) -> None:
    done = twice.deployment.run("known-at", time)
    assert done.exit_code == 2
    assert said in done.text
