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
from benchmarks.measure import Measurement, median
from benchmarks.rounds import Bench
from orchestration.settings import PROJECT_ROOT

WITHOUT_DLT = "dlt beside landing: it is no dependency of the project, and was not installed for this run."
NOT_MEASURED = (
    "The whole transformation by hand: transform.sql makes the five largest facts and two marts, not all models.",
    "CSV by hand reads the same rows in UTF-8: DuckDB has no GB18030 without an extension.",
    "From 8 to 16 periods of history: the generator draws the eight of the action.",
    "Dagster's own share of a run; `make test`'s time.",
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
    same = "the same rows both ways" if not bench.differing else f"DIFFERENT: {', '.join(bench.differing)}"
    lines += _pseudonyms(bench)
    lines += ["", f"Results compared (every column that both ways have, by count and checksum): {same}.", ""]
    lines += ["## Not measured", "", *(f"- {line}" for line in _not_measured(bench)), ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("dbt-core", "dbt-duckdb", "pyarrow", "polars"))
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
    """Goals that this benchmark can say something of; each is meant for scale 1."""

    def at(step: str, way: str = "ours") -> Measurement:
        return median(bench.measured[(step, way)])

    part, part_by_hand = at("transform (the same tables)"), at("transform (the same tables)", "by hand")
    allowed = 1.15 * part_by_hand.wall_seconds + 8
    sent = sizes["sent registrations"] + sizes["sent learning_records"]
    load_share = at("load", "by hand").wall_seconds / at("load").wall_seconds
    rest_rate = sent / at("land rest").wall_seconds
    id_rate = statistics.median(found["ids"] / found["wall_seconds"] for found in bench.pseudonyms)
    full = at("load").wall_seconds + at("transform (all models)").wall_seconds
    more = at("one more period: load").wall_seconds + at("one more period: transform").wall_seconds
    peak = max(m.peak_mib for runs in bench.measured.values() for m in runs) / 1024
    p95 = statistics.median(found["p95_ms"] for found in bench.questions)
    publish = at("publish").wall_seconds
    rows = [
        (
            "transform ≤ 1.15 × by hand + 8 s (the same tables)",
            f"{part.wall_seconds:.1f} s, allowed {allowed:.1f} s",
            part.wall_seconds <= allowed,
        ),
        ("load ≥ 0.9 of `create table as`", f"{load_share:.2f}", load_share >= 0.9),
        *_landing_goals(bench),
        ("REST ≥ 400,000 rows/s", f"{rest_rate:,.0f} rows/s", rest_rate >= 400_000),
        ("≥ 1.5 M distinct ids/s", f"{id_rate:,.0f} ids/s", id_rate >= 1_500_000),
        ("one more period ≤ 0.3 × load and transform of all", f"{more / full:.2f}", more / full <= 0.3),
        ("peak ≤ 8 GiB", f"{peak:.1f} GiB", peak <= 8),
        ("20 questions, 8 readers: p95 ≤ 300 ms", f"{p95:.0f} ms", p95 <= 300),
        ("publication ≤ 5 s", f"{publish:.1f} s", publish <= 5),
    ]
    return [f"| {goal} | {measured} | {'yes' if is_met else 'no'} |" for goal, measured, is_met in rows]


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
    return NOT_MEASURED if has_dlt else (WITHOUT_DLT, *NOT_MEASURED)
