"""The rounds: each step of the project and its hand-written counterpart, in turns, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import yaml

from benchmarks.by_hand import by_hand_path
from benchmarks.comparison import differing_builds, differing_files, differing_tables
from benchmarks.deployment import deployment
from benchmarks.generator.landing import received_at
from benchmarks.generator.registry import FEED_REGISTRY, SENT_FEEDS, write_registry
from benchmarks.generator.senders import FORMS, sent_period
from benchmarks.generator.world import CAMPAIGN_PATH, NOW, World, begun_periods
from benchmarks.measure import Measurement, run
from benchmarks.with_dlt import has_dlt
from orchestration.dagster_home import prepare_dagster_home
from orchestration.jobs import BUILD_JOB
from orchestration.landing.configuration import land_configuration
from orchestration.settings import PROJECT_ROOT, Settings

# What a round consists of; `history`, `period` and `shares` are gone through once, after the rounds.
PARTS = ("landing", "build", "tables", "history", "period", "shares")
STEPS = "benchmarks.steps"
BY_HAND = "benchmarks.by_hand"


class Bench:
    """Measurements by (step, way): `ours`, `by hand` and, where it is installed, `dlt`, of the PARTS asked for.

    `questions` and `pseudonyms`: what those modules measured within their process, a round each. `differing` names what
    did not come out the same.
    """

    def __init__(self, world: World, say: Callable[[str], None], parts: Sequence[str] = PARTS) -> None:
        self.world = world
        self.parts = tuple(parts)
        self.measured: dict[tuple[str, str], list[Measurement]] = {}
        self.differing: list[str] = []
        self.questions: list[dict] = []
        self.pseudonyms: list[dict] = []
        self.settings = deployment(world.folder, world.folder / "main")
        self._say = say

    def round(self, number: int) -> None:
        """Every step once; the two ways change places from round to round."""
        if "landing" in self.parts:
            self._land(number)
        if "build" in self.parts:
            self._build(number)
        if "tables" in self.parts:
            # A part is rebuilt last: the next round makes the whole again, and a publication of the whole was asked.
            self._in_turn(
                number,
                lambda: self._measure("transform (the same tables)", "ours", self.settings, STEPS, "transform-part"),
                lambda: self._measure("transform (the same tables)", "by hand", self.settings, BY_HAND, "transform"),
            )

    def _land(self, number: int) -> None:
        for feed in SENT_FEEDS:
            self._in_turn(
                number, lambda f=feed: self._pull_files("ndjson", f), lambda f=feed: self._land_by_hand("ndjson", f)
            )
            # Once: it takes minutes where the others take seconds.
            if number == 0 and has_dlt():
                self._land_with_dlt(feed)
        for form in FORMS:
            self._in_turn(number, lambda f=form: self._pull_files(f), lambda f=form: self._land_by_hand(f))
        self._pull_rest()
        self.pseudonyms.append(self._told("pseudonyms", str(self.world.path)))

    def _build(self, number: int) -> None:
        for path in (self.settings.database_path, by_hand_path(self.settings)):
            _forget(path)
        self._in_turn(
            number,
            lambda: self._measure("load", "ours", self.settings, STEPS, "load"),
            lambda: self._measure("load", "by hand", self.settings, BY_HAND, "load"),
        )
        self._measure("transform (all models)", "ours", self.settings, STEPS, "transform")
        self._measure("publish", "ours", self.settings, STEPS, "publish")
        self.questions.append(self._told("questions", str(self.settings.published_dir / "marts.duckdb")))

    def one_more_period(self) -> None:
        """Seven periods built, unmeasured; then the eighth loaded, built and published."""
        settings = deployment(self.world.folder, self.world.folder / "one_more")
        _fresh(settings.warehouse_dir)
        settings.landing_dir.symlink_to(self.settings.landing_dir)
        seventh = received_at(begun_periods()[6]).isoformat()
        run(settings, STEPS, "load", seventh)
        run(settings, STEPS, "transform")
        for step in ("load", "transform", "publish"):
            self._measure(f"one more period: {step}", "ours", settings, STEPS, step)

    def twice_the_periods(self) -> None:
        """The same records under a calendar of weeks: sixteen periods where there were eight."""
        campaign = self.world.folder / "weekly.yml"
        given = yaml.safe_load(CAMPAIGN_PATH.read_text(encoding="utf-8"))
        campaign.write_text(yaml.safe_dump(given | {"cadence_days": given["cadence_days"] // 2}), encoding="utf-8")
        settings = deployment(self.world.folder, self.world.folder / "weekly", campaign=campaign)
        _fresh(settings.warehouse_dir)
        # Landing notes the calendar too: a folder with ledgers of its own, whose batches are the same files.
        shutil.copytree(self.settings.landing_dir, settings.landing_dir, copy_function=_link_or_copy)
        land_configuration(settings, NOW)
        run(settings, STEPS, "load")
        self._measure("transform (sixteen periods)", "ours", settings, STEPS, "transform")

    def shares(self) -> None:
        """A full run with tests by Dagster and by `warehouse`'s own steps, and its statements by DuckDB alone."""
        settings = deployment(self.world.folder, self.world.folder / "shares")
        _fresh(settings.warehouse_dir)
        settings.landing_dir.symlink_to(self.settings.landing_dir)
        home = prepare_dagster_home(settings)
        in_dagster = Settings.from_environment(dict(settings.environment) | {"DAGSTER_HOME": str(home)})
        job = ("job", "execute", "-m", "orchestration.definitions", "-j", BUILD_JOB)
        self._measure("full run: Dagster", "ours", in_dagster, "dagster", *job, with_tests=True)
        _forget(settings.database_path)
        self._measure("full run: warehouse", "ours", settings, STEPS, "run", with_tests=True)
        built = settings.database_path.with_name("built_by_dbt.duckdb")
        settings.database_path.rename(built)
        self._measure("full run: Dagster", "by hand", settings, "benchmarks.statements", str(built))
        # Both runs are made of the same statements.
        self.measured["full run: warehouse", "by hand"] = self.measured["full run: Dagster", "by hand"]
        self.differing += differing_builds(built, settings.database_path)

    def compare(self) -> None:
        """Fill `differing` with the tables and files of the last round that the two ways made differently."""
        if "tables" in self.parts:
            self.differing += differing_tables(self.settings)
        for form in (*FORMS, "rest") if "landing" in self.parts else ():
            hand = self._by_hand_folder("ndjson" if form == "rest" else form)
            self.differing += differing_files(self._landing(form), str(hand))

    def sizes(self) -> dict[str, int]:
        """Rows of each landed feed, and of one form of the sent period (`sent`)."""
        feeds = ("registrations", "learning_records", "certificates", "subsidy_payments")
        landed = f"read_parquet('{self.settings.landing_dir}/%s/*/*.parquet', hive_partitioning = false)"
        with self.world.open() as connection:
            found = {feed: _count(connection, landed % feed) for feed in feeds}
            sent = {f"sent {feed}": _count(connection, f"sent_{feed}") for feed in SENT_FEEDS}
            return found | sent | {"persons": _count(connection, "person")}

    def _pull_files(self, form: str, feed: str | None = None) -> None:
        settings = self._landing(form, feed)
        _fresh(settings.warehouse_dir)
        self._measure(_land_step(form, feed), "ours", settings, STEPS, "pull")

    def _land_by_hand(self, form: str, feed: str | None = None) -> None:
        target = self._by_hand_folder(form)
        _fresh(target)
        source = "csv_utf8" if form == "csv" else form
        inbox = self.world.folder / "sent" / source / "inbox"
        arguments = ["land", form, str(inbox), str(target), *([feed] if feed else [])]
        self._measure(_land_step(form, feed), "by hand", self.settings, BY_HAND, *arguments)

    def _land_with_dlt(self, feed: str) -> None:
        target = self._by_hand_folder("dlt")
        _fresh(target)
        inbox = self.world.folder / "sent" / "ndjson" / "inbox"
        step = _land_step("ndjson", feed)
        self._measure(step, "dlt", self.settings, "benchmarks.with_dlt", str(inbox), feed, str(target))

    def _pull_rest(self) -> None:
        pages = self.world.folder / "sent" / "rest"
        with _served(pages) as base_url:
            write_registry(pages / "sources.yml", base_url=base_url, feeds=SENT_FEEDS)
            settings = self._landing("rest")
            _fresh(settings.warehouse_dir)
            self._measure("land rest", "ours", settings, STEPS, "pull", sent_period().key)

    def _landing(self, form: str, feed: str | None = None) -> Settings:
        """The deployment that lands a form; with `feed` that feed alone, into the same folder."""
        name = FEED_REGISTRY.format(feed=feed) if feed else "sources.yml"
        sources = self.world.folder / "sent" / form / name
        return deployment(self.world.folder, self.world.folder / "landed" / form, sources)

    def _by_hand_folder(self, form: str) -> Path:
        return self.world.folder / "landed_by_hand" / form

    def _told(self, name: str, argument: str) -> dict:
        """What a module of this folder that measures by itself prints as JSON."""
        command = [sys.executable, "-m", f"benchmarks.{name}", argument]
        answer = subprocess.run(
            command,
            cwd=PROJECT_ROOT,
            env=dict(self.settings.environment),
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(answer.stdout)
        self._say(f"{name}: {found}")
        return found

    def _in_turn(self, number: int, ours: Callable[[], None], by_hand: Callable[[], None]) -> None:
        for way in (ours, by_hand) if number % 2 == 0 else (by_hand, ours):
            way()

    def _measure(
        self, step: str, way: str, settings: Settings, module: str, *arguments: str, with_tests: bool = False
    ) -> None:
        found = run(settings, module, *arguments, with_tests=with_tests)
        self.measured.setdefault((step, way), []).append(found)
        self._say(
            f"{step} ({way}): {found.wall_seconds:.1f} s, CPU {found.cpu_seconds:.1f} s, {found.peak_mib:.0f} MiB"
        )


def _land_step(form: str, feed: str | None = None) -> str:
    return f"land {form}" if feed is None else f"land {form}: {feed.replace('_', ' ')}"


@contextmanager
def _served(pages: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.server", str(pages)]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def _link_or_copy(source: str, target: str) -> None:
    """A batch never changes, a ledger does."""
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _forget(database: Path) -> None:
    for path in (database, database.with_name(database.name + ".wal")):
        path.unlink(missing_ok=True)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return connection.execute(f"select count(*) from {table}").fetchall()[0][0]
