"""results.md: what was measured, the ratios, which goals are met, and what is not measured."""

from __future__ import annotations

import platform
import statistics
from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb
import psutil

from benchmarks.deployment import MEMORY_LIMIT
from benchmarks.generator.world import begun_periods
from benchmarks.measure import Measurement, median
from benchmarks.rounds import PARTS, Bench
from orchestration.settings import PROJECT_ROOT

WITHOUT_DLT = "dlt beside landing: it is no dependency of the project, and was not installed for this run."
NOT_MEASURED = (
    "The whole transformation by hand: transform.sql makes the five largest facts and two marts, not all models. What "
    "stands beside `full run` is dbt's own statements, run by DuckDB alone.",
    "Sixteen periods with twice the records: `history` cuts the same records into weeks.",
    "CSV by hand reads the same rows in UTF-8: DuckDB has no GB18030 without an extension.",
    "`make test`'s time.",
    "Landing at the whole size: one period of two feeds is sent, everything else is landed by the generator.",
)


def write_report(bench: Bench, path: Path | None = None) -> Path:
    """Write the page of one benchmark; where it went."""
    path = path or PROJECT_ROOT / "benchmarks" / "results.md"
    sizes = bench.sizes()
    lines = [
        "# Results",
        "",
        f"`make bench SCALE={bench.world.scale:g}`, {date.today():%Y-%m-%d}: "  # noqa: DTZ011 - the reader's day
        + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sizes.items())
        + ".",
        "",
        _machine(),
        "",
        "Wall and CPU seconds are medians of the runs, each of a process of its own from start to end (Python and dbt"
        " included), the two ways in turns. Peak is the largest resident set of any of a way's processes.",
        "",
        "| step | runs | wall s | CPU s | peak MiB | by hand: wall s | CPU s | peak MiB | wall ratio | CPU ratio |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for step in dict.fromkeys(step for step, _ in bench.measured):
        runs = bench.measured[(step, "ours")]
        lines.append(_row(step, len(runs), median(runs), bench.measured.get((step, "by hand"))))
    lines += ["", "## Goals", "", "| goal | measured | met |", "|---|---|---|", *_goals(bench, sizes)]
    lines += _pseudonyms(bench) if bench.pseudonyms else []
    lines += ["", _compared(bench), ""]
    lines += ["## Not measured", "", *(f"- {line}" for line in _not_measured(bench)), ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _compared(bench: Bench) -> str:
    if not {"landing", "tables", "shares"} & {*bench.parts}:
        return "No part was measured that both ways go through: nothing was compared."
    same = "the same rows both ways" if not bench.differing else f"DIFFERENT: {', '.join(bench.differing)}"
    return f"Results compared (every column that both ways have, by count and checksum): {same}."


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("dbt-core", "dbt-duckdb", "pyarrow", "datafusion", "polars")
    )
    return (
        f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, memory limit "
        f"{MEMORY_LIMIT}; "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, {packages}. Load average "
        f"{psutil.getloadavg()[2]:.1f} over the last 15 minutes: above the number of cores, trust CPU seconds and "
        "ratios, not wall seconds."
    )


def _row(step: str, runs: int, ours: Measurement, by_hand: list[Measurement] | None) -> str:
    cells = [step, str(runs), *_cells(ours)]
    if by_hand:
        other = median(by_hand)
        cells += [
            *_cells(other),
            f"{ours.wall_seconds / other.wall_seconds:.2f}",
            f"{ours.cpu_seconds / other.cpu_seconds:.2f}",
        ]
    else:
        cells += [""] * 5
    return f"| {' | '.join(cells)} |"


def _cells(found: Measurement) -> list[str]:
    return [f"{found.wall_seconds:.1f}", f"{found.cpu_seconds:.1f}", f"{found.peak_mib:.0f}"]


def _goals(bench: Bench, sizes: dict[str, int]) -> list[str]:
    """Goals that the parts measured can say something of; each is meant for scale 1."""
    rows: list[tuple[str, str, bool]] = []
    if "tables" in bench.parts:
        rows += [_transform_goal(bench)]
    if "build" in bench.parts:
        rows += [_load_goal(bench)]
    if "landing" in bench.parts:
        rows += [*_landing_goals(bench), *_rates(bench, sizes)]
    if {"build", "period"} <= {*bench.parts}:
        rows += [_period_goal(bench)]
    if {"build", "history"} <= {*bench.parts}:
        rows += [_history_goal(bench)]
    if {"landing", "build", "tables"} <= {*bench.parts}:
        rows += [_whole_goal(bench)]
    if "shares" in bench.parts:
        rows += [_shares_goal(bench)]
    peak = max(m.peak_mib for runs in bench.measured.values() for m in runs) / 1024
    most = 8 if bench.world.scale <= 1 else 20
    rows += [(f"peak ≤ {most} GiB", f"{peak:.1f} GiB", peak <= most)]
    if "build" in bench.parts:
        p95 = statistics.median(found["p95_ms"] for found in bench.questions)
        publish = _at(bench, "publish").wall_seconds
        rows += [("20 questions, 8 readers: p95 ≤ 300 ms", f"{p95:.0f} ms", p95 <= 300)]
        rows += [("publication ≤ 5 s", f"{publish:.1f} s", publish <= 5)]
    return [f"| {goal} | {measured} | {'yes' if is_met else 'no'} |" for goal, measured, is_met in rows]


def _at(bench: Bench, step: str, way: str = "ours") -> Measurement:
    return median(bench.measured[(step, way)])


def _transform_goal(bench: Bench) -> tuple[str, str, bool]:
    ours, by_hand = (_at(bench, "transform (the same tables)", way).wall_seconds for way in ("ours", "by hand"))
    allowed = 1.15 * by_hand + 8
    goal = "transform ≤ 1.15 × by hand + 8 s (the same tables)"
    return goal, f"{ours:.1f} s, allowed {allowed:.1f} s", ours <= allowed


def _load_goal(bench: Bench) -> tuple[str, str, bool]:
    share = _at(bench, "load", "by hand").wall_seconds / _at(bench, "load").wall_seconds
    return "load ≥ 0.9 of `create table as`", f"{share:.2f}", share >= 0.9


def _rates(bench: Bench, sizes: dict[str, int]) -> list[tuple[str, str, bool]]:
    sent = sizes["sent registrations"] + sizes["sent learning_records"]
    rest_rate = sent / _at(bench, "land rest").wall_seconds
    id_rate = statistics.median(found["ids"] / found["wall_seconds"] for found in bench.pseudonyms)
    return [
        ("REST ≥ 400,000 rows/s", f"{rest_rate:,.0f} rows/s", rest_rate >= 400_000),
        ("≥ 1.5 M distinct ids/s", f"{id_rate:,.0f} ids/s", id_rate >= 1_500_000),
    ]


def _period_goal(bench: Bench) -> tuple[str, str, bool]:
    full, more = (
        sum(_at(bench, step).wall_seconds for step in steps)
        for steps in (
            ("load", "transform (all models)"),
            ("one more period: load", "one more period: transform"),
        )
    )
    return "one more period ≤ 0.3 × load and transform of all", f"{more / full:.2f}", more / full <= 0.3


def _history_goal(bench: Bench) -> tuple[str, str, bool]:
    times = _at(bench, "transform (sixteen periods)").wall_seconds / _at(bench, "transform (all models)").wall_seconds
    return "from 8 to 16 periods ≤ 1.6 × (the same records)", f"{times:.2f}", times <= 1.6


def _whole_goal(bench: Bench) -> tuple[str, str, bool]:
    """Of what both ways do; one period is sent, so its landing counts as often as there are periods."""
    periods_count = len(begun_periods())
    steps = {"land ndjson": periods_count, "load": 1, "transform (the same tables)": 1}
    ours, by_hand = (
        sum(times * _at(bench, step, way).wall_seconds for step, times in steps.items()) for way in ("ours", "by hand")
    )
    goal = f"whole ≤ 1.5 × by hand (NDJSON landing × {periods_count}, load, the same tables)"
    return goal, f"{ours / by_hand:.2f}", ours <= 1.5 * by_hand


def _shares_goal(bench: Bench) -> tuple[str, str, bool]:
    """`full run` by hand is the same statements without Dagster and dbt."""
    full, alone = (_at(bench, "full run: Dagster", way).wall_seconds for way in ("ours", "by hand"))
    own = full - alone
    return "Dagster's and dbt's own share of a full run with tests ≤ 20 s", f"{own:.1f} s", own <= 20


def _landing_goals(bench: Bench) -> list[tuple[str, str, bool]]:
    """Landing of each feed's NDJSON beside read_json and, where it was measured, dlt on the same files."""
    rows = []
    for feed, least, what in (
        ("registrations", 0.4, "registrations, with pseudonyms"),
        ("learning records", 0.6, "learning records"),
    ):
        step = f"land ndjson: {feed}"
        ours = median(bench.measured[(step, "ours")]).wall_seconds
        share = median(bench.measured[(step, "by hand")]).wall_seconds / ours
        rows.append((f"landing NDJSON ≥ {least} of `read_json` ({what})", f"{share:.2f}", share >= least))
        if with_dlt := bench.measured.get((step, "dlt")):
            times = median(with_dlt).wall_seconds / ours
            rows.append((f"landing NDJSON ≥ 5 × dlt ({what})", f"{times:.1f}", times >= 5))
    return rows


def _pseudonyms(bench: Bench) -> list[str]:
    cpu = statistics.median(found["cpu_seconds"] for found in bench.pseudonyms)
    ids = bench.pseudonyms[0]["ids"]
    return ["", f"Pseudonyms: {ids:,} distinct ids within one process, {cpu / ids * 1e6:.2f} CPU microseconds each."]


def _not_measured(bench: Bench) -> tuple[str, ...]:
    has_dlt = any(way == "dlt" for _, way in bench.measured)
    left_out = [f"At this scale, by this run: {part}." for part in PARTS if part not in bench.parts]
    return (*left_out, *(() if has_dlt else (WITHOUT_DLT,)), *NOT_MEASURED)
