"""How well the supervision rules tell fraud from honest look-alikes, measured on sample worlds.

    for each seed: make a world with fraud → serve → pull → load → rules → compare with the world's truth
    → the table in docs/supervision.md

Run alone: `python -m orchestration.commands.measure_supervision [--seeds 1 2 3] [--registrations N]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestration import pipeline
from orchestration.commands.serving import serving
from orchestration.reporting.progress import SilentReporter
from orchestration.sandbox import Manifest, make_world
from orchestration.settings import PROJECT_ROOT, SHANGHAI, Settings
from orchestration.transforming.dbt import WITHOUT_TESTS, transform

PAGE = PROJECT_ROOT / "docs" / "supervision.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SEEDS = (1, 2, 3)
REGISTRATIONS = 4_000


@dataclass(frozen=True)
class Case:
    """One labelled subject, and whether its rule pointed at it."""

    seed: int
    rule_id: str
    scheme: str
    is_fraud: bool
    is_flagged: bool


@dataclass(frozen=True)
class Measured:
    """What the labels of some worlds say of one rule. Shares are None where there is nothing to divide by."""

    rule_id: str
    frauds: int
    found: int
    honest: int
    false_alarms: int

    @property
    def recall(self) -> float | None:
        return self.found / self.frauds if self.frauds else None

    @property
    def precision(self) -> float | None:
        flagged = self.found + self.false_alarms
        return self.found / flagged if flagged else None


def measure_world(directory: Path, seed: int, registrations: int = REGISTRATIONS) -> list[Case]:
    """Make a world in `directory`, let the rules run on it, and compare. Raises RuntimeError where they can't."""
    world = directory / "sandbox"
    make_world(world, registrations=registrations, seed=seed, messy=False, port=0, fraud=True)
    clock = datetime.fromisoformat(Manifest.read(world).now).astimezone(SHANGHAI)
    # The rules alone: dbt's own tests say nothing of how well they tell.
    environment = {
        **Settings.from_environment().environment,
        "WAREHOUSE_DIR": str(directory),
        **WITHOUT_TESTS,
    }
    settings = replace(Settings.from_environment(environment), sources_path=world / "sources.yml", fixed_now=clock)
    with serving(world):
        pulled = pipeline.pull_due(pipeline.prepare(settings), SilentReporter())
    if pulled.troubles:
        raise RuntimeError(f"seed {seed}: {pulled.troubles[0]}")
    pipeline.load_step(settings, SilentReporter())
    report = transform(settings, select="+supervision_signal")
    if not report.is_ok:
        raise RuntimeError(f"seed {seed}: the rules did not run: {[*report.messages, *report.failures][:1]}")
    return labelled(world, settings.database_path)


def labelled(world: Path, database: Path) -> list[Case]:
    """The labels of a world beside the signals of the warehouse built from it."""
    with duckdb.connect(str(database), read_only=True) as connection:
        signals = connection.execute(
            "select rule_id, subject_id, cast(period_start as varchar) from marts.supervision_signal"
        ).fetchall()
    truth = json.loads((world / "truth.json").read_text(encoding="utf-8"))
    return compare(Manifest.read(world).seed, truth, signals)


def compare(seed: int, truth: dict, signals: Iterable[tuple[str, str, str]]) -> list[Case]:
    """Labels of a world beside the signals (rule, subject, period) of its warehouse."""
    in_period = set(signals)
    at_all = {(rule, subject) for rule, subject, _ in in_period}
    cases = []
    for rule, _, subject, period, scheme, is_fraud in truth["tables"]["supervision"]["rows"]:
        flagged = (rule, subject) in at_all if period is None else (rule, subject, period) in in_period
        cases.append(Case(seed, rule, scheme, is_fraud, flagged))
    return cases


def by_rule(cases: Sequence[Case]) -> list[Measured]:
    """The rules in the order of their labels."""
    return [_measured(rule, [case for case in cases if case.rule_id == rule]) for rule in _ordered(cases)]


def render(cases: Sequence[Case], registrations: int) -> str:
    """The measured part of the page, in Markdown."""
    seeds = sorted({case.seed for case in cases})
    lines = [
        f"Measured on {len(seeds)} sample worlds (seeds {', '.join(map(str, seeds))}, {registrations:,} drawn"
        " registrations each beside the staged ones).",
        "",
        "| rule | frauds | found | recall | honest look-alikes | flagged | precision |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| `{rule.rule_id}` | {rule.frauds} | {rule.found} | {_share(rule.recall)} | {rule.honest} |"
        f" {rule.false_alarms} | {_share(rule.precision)} |"
        for rule in by_rule(cases)
    ]
    lines += ["", "Whom the false alarms hit, and what was missed:", ""]
    lines += _oddities(cases)
    return "\n".join(lines)


def _oddities(cases: Sequence[Case]) -> list[str]:
    told = []
    for rule in _ordered(cases):
        mine = [case for case in cases if case.rule_id == rule]
        for scheme in dict.fromkeys(case.scheme for case in mine):
            those = [case for case in mine if case.scheme == scheme]
            wrong = sum(case.is_flagged != case.is_fraud for case in those)
            if wrong:
                word = "missed" if those[0].is_fraud else "flagged"
                told.append(f"- `{rule}`: {scheme}, {wrong} of {len(those)} {word}")
    return told or ["- none"]


def _measured(rule: str, cases: Sequence[Case]) -> Measured:
    frauds = [case for case in cases if case.is_fraud]
    honest = [case for case in cases if not case.is_fraud]
    return Measured(
        rule,
        frauds=len(frauds),
        found=sum(case.is_flagged for case in frauds),
        honest=len(honest),
        false_alarms=sum(case.is_flagged for case in honest),
    )


def _ordered(cases: Sequence[Case]) -> list[str]:
    return list(dict.fromkeys(case.rule_id for case in cases))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def write_page(page: Path, measured: str) -> None:
    """Put the measured part between its marks. Raises ValueError where the page has none."""
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page}: no {BEGIN} … {END} to write between")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(f"{head}{BEGIN}\n{measured}\n{END}{tail}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--registrations", type=int, default=REGISTRATIONS)
    chosen = parser.parse_args(arguments)
    cases: list[Case] = []
    for seed in chosen.seeds:
        sys.stderr.write(f"seed {seed}\n")
        with TemporaryDirectory() as directory:
            cases += measure_world(Path(directory), seed, chosen.registrations)
    write_page(PAGE, render(cases, chosen.registrations))
    sys.stdout.write(f"{PAGE.name}: {len(cases)} labelled subjects\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
