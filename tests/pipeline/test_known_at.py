"""`warehouse known-at`: any past moment again, from landing alone, whatever has been restated since.

The hand world as it may have come: built and published at the first two dispatch dates, then restated by six loads, of
which each lands rows, another registry or other rules.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from deployment import Deployment
from support.compiled_project import CompiledProject
from support.tables import tables_of

from orchestration.known_at.build import rebuild
from orchestration.reporting.progress import SilentReporter
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.transforming.dbt import WITHOUT_TESTS

GIVEN = Path(__file__).parents[1] / "golden" / "hand_world" / "given" / "inbox"
DISPATCHES = ("2020-04-09T18:00:00+08:00", "2020-04-22T18:00:00+08:00")
# When the six came, and what file each brought; the fourth brings another registry, the fifth another rule besides.
LOADS = (
    ("2020-04-24T09:00:00+08:00", "A01/registrations/cancelled.csv"),
    ("2020-04-26T09:00:00+08:00", "A02/registrations/r.ndjson"),
    ("2020-04-28T09:00:00+08:00", "A01/certificates/c.csv"),
    ("2020-04-30T09:00:00+08:00", "A01/registrations/part2.csv"),
    ("2020-05-02T09:00:00+08:00", "A01/registrations/recoded.csv"),
    ("2020-05-06T11:00:00+08:00", "420000/subsidy_payments/period=2020-04-20/p.csv"),
)
BETWEEN, NOW = "2020-04-29T23:59:59+08:00", "2020-05-06T12:00:00+08:00"
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
class Restated:
    """A deployment built at each dispatch date and restated since; `copies` were made after each of those builds, and
    one more just after BETWEEN."""

    deployment: Deployment
    copies: dict[str, Path]

    def at(self, moment: str, directory: Path | None = None) -> Deployment:
        return replace(self.deployment, now=moment, directory=directory or self.deployment.directory)


class Inbox:
    """The hand world's files, put down one after the other."""

    def __init__(self, root: Path) -> None:
        self.path = root / "inbox"
        for sender in ("A01", "A02", "420000"):
            (self.path / sender).mkdir(parents=True)

    def put(self, name: str, content: bytes | None = None) -> None:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((GIVEN / name).read_bytes() if content is None else content)


@pytest.fixture(scope="module")
def restated(tmp_path_factory: pytest.TempPathFactory) -> Restated:
    root = tmp_path_factory.mktemp("known_at")
    inbox, seeds, sources = Inbox(root), root / "seeds", root / "sources.yml"
    shutil.copytree(PROJECT_ROOT / "seeds", seeds)
    sources.write_text(REGISTRY.format(inbox=inbox.path, selected_from="2020-04-06"), encoding="utf-8")
    more = {"WAREHOUSE_PSEUDONYM_KEY": "0f" * 32, "WAREHOUSE_SEEDS": str(seeds), **WITHOUT_TESTS}
    deployment = Deployment(root / "warehouse", sources, DISPATCHES[0], more)
    copies: dict[str, Path] = {}
    known = (GIVEN / "A01/registrations/part1.csv").read_bytes()
    lines = known.splitlines(keepends=True)

    inbox.put("A01/courses/c.csv")
    inbox.put("A01/registrations/first.csv", b"".join(lines[:2]))
    inbox.put("420000/eligibility_rosters/period=2020-03-23/r.csv")
    inbox.put("420000/dispatch_reports/period=2020-03-23/d.csv")
    for moment in DISPATCHES:
        built = replace(deployment, now=moment).run("build")
        assert built.exit_code == 0, built.text
        copies[moment] = root / f"at-{moment[:10]}"
        shutil.copytree(deployment.directory, copies[moment], symlinks=True)
        for name in ("A01/registrations/part1.csv", "A01/learning_records/l.csv", "A02/courses/c.ndjson"):
            inbox.put(name)

    written = {
        "A01/registrations/cancelled.csv": b"".join(lines[:3]).replace(b"active", b"cancelled"),
        "A01/registrations/recoded.csv": known.replace(b",420102,", b",110101,"),
    }
    for number, (moment, name) in enumerate(LOADS, start=1):
        if moment > BETWEEN and BETWEEN not in copies:
            copies[BETWEEN] = root / "between"
            shutil.copytree(deployment.directory, copies[BETWEEN], symlinks=True)
        inbox.put(name, written.get(name))
        if number == 4:
            sources.write_text(REGISTRY.format(inbox=inbox.path, selected_from="2020-03-23"), encoding="utf-8")
        if number == 5:
            groups = seeds / "key_groups.csv"
            groups.write_text(groups.read_text(encoding="utf-8").replace("贫困", "脱贫"), encoding="utf-8")
        pulled = replace(deployment, now=moment).run("pull", "--json")
        assert pulled.exit_code == 0, pulled.text
        assert pulled.answer["batches_count"] == 1, f"{name} was not taken"
    return Restated(replace(deployment, now=NOW), copies)


def marts(database: Path) -> dict[str, list[tuple]]:
    """Every published table but those that say when and by which run it was published."""
    return {name: rows for name, rows in tables_of(database, "marts").items() if not name.startswith("publication")}


@pytest.mark.parametrize("moment", DISPATCHES)
def test_a_dispatch_date_comes_again_value_by_value(restated: Restated, moment: str) -> None:
    before = (restated.deployment.published.readlink(), marts(restated.deployment.published))
    done = restated.deployment.run("known-at", moment, "--json")
    assert done.exit_code == 0, done.text
    day = moment[:10].replace("-", "")
    path = restated.deployment.directory / "published" / f"marts-known-{day}T1000Z.duckdb"
    assert done.answer["publication"]["path"] == str(path)
    assert done.answer["seeds_of_today"] == []
    published_then = (restated.copies[moment] / "published" / "marts.duckdb").resolve()
    assert marts(path) == marts(published_then)
    assert (restated.deployment.published.readlink(), marts(restated.deployment.published)) == before
    left = [entry.name for entry in restated.deployment.directory.iterdir() if entry.name.startswith(".known-at-")]
    assert left == []
    with duckdb.connect(str(path), read_only=True) as connection:
        known_at, entries = connection.execute(
            "select known_at, (select sum(sequence) from marts.publication_ledger) from marts.publication"
        ).fetchall()[0]
    assert known_at == datetime.fromisoformat(moment).replace(tzinfo=None)
    loaded_then = sum(len(lines) for lines in Deployment(restated.copies[moment], Path()).ledger_lines().values())
    assert entries == loaded_then


def test_a_moment_between_equals_a_warehouse_that_never_knew_more(
    restated: Restated, tmp_path: Path, compiled_project: CompiledProject
) -> None:
    settings = Settings.from_environment(restated.at(NOW).environment)
    directory = tmp_path / "then"
    directory.mkdir()
    then, loaded, seeds_of_today = rebuild(settings, datetime.fromisoformat(BETWEEN), directory, SilentReporter())
    assert loaded.batches_count > 0
    assert seeds_of_today == ()
    only_then = restated.at(BETWEEN, restated.copies[BETWEEN])
    # The seeds of then: the folder in use has other ones by now
    only_then = replace(only_then, more=only_then.more | {"WAREHOUSE_SEEDS": str(directory / "seeds")})
    done = only_then.run("load")
    assert done.exit_code == 0, done.text
    compiled_project.run(
        Settings.from_environment(only_then.environment),
        [model.name for model in compiled_project.models.values() if model.schema == "marts"],
    )
    found, expected = tables_of(then.database_path, "marts"), tables_of(only_then.database, "marts")
    assert found == expected
    last_dispatch = tables_of(restated.deployment.database, "marts")
    assert found["registration_progress"] != last_dispatch["registration_progress"], "three loads restated nothing"


def test_restatement_says_what_the_dispatch_table_said_at_each_of_the_two_due_times(restated: Restated) -> None:
    first, second = (restated.copies[moment] / "warehouse.duckdb" for moment in DISPATCHES)
    for column, database in (("value_before", first), ("value", second)):
        with duckdb.connect(str(database), read_only=True) as connection:
            shown = connection.execute(
                """select province_code, indicator_code, measure, shown_value
                from (
                    select province_code, indicator_code, this_period, cumulative from marts.dispatch_table
                    where period_start = date '2020-03-23'
                ) unpivot (shown_value for measure in (this_period, cumulative))"""
            ).fetchall()
        with duckdb.connect(str(second), read_only=True) as connection:
            told = connection.execute(
                f"""select province_code, indicator_code, measure, {column} from marts.restatement
                where period_start = date '2020-03-23' and previous_dispatch_at = timestamp '2020-04-09 18:00:00'
                and dispatch_at = timestamp '2020-04-22 18:00:00'"""
            ).fetchall()
            changed = connection.execute("select count(*) from marts.restatement where delta <> 0").fetchall()[0][0]
        assert changed > 0, "nothing was restated between the two: this test shows nothing"
        assert {row for row in told if row[-1]} == {row for row in shown if row[-1]}


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2020-05-06T12:00:01+08:00", "still to come"),
        ("2020-04-09T17:59:59+08:00", "nothing had been received by then"),
        ("2020-04-21T10:00:00", "has no offset"),
        ("last week", "not ISO 8601"),
    ],
)
def test_a_moment_that_cannot_be_built_is_wrong_use(restated: Restated, time: str, said: str) -> None:
    done = restated.deployment.run_here("known-at", time)
    assert done.exit_code == 2
    assert said in done.text
