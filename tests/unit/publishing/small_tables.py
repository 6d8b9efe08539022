"""Small registration_progress and registration_daily tables: every number adds up, rows of zeros are absent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from disclosure_attack import ALL, DAILY_COLUMNS, NATION, PROGRESS_COLUMNS, Cell, Key
from hypothesis import strategies as st

from orchestration.publishing.disclosure.cells import CellTable, build_cells
from orchestration.publishing.disclosure.grids import Grid, Labels, MartRows, build_grids
from orchestration.publishing.disclosure.hiding import HIDDEN, HIDDEN_WITH_ZEROS
from orchestration.publishing.disclosure.suppression import Suppression, Withheld, suppress
from orchestration.publishing.history import mark_published, read_history, write_history
from orchestration.publishing.specification import load_specification

PERIODS = ["2020-03-23", "2020-04-06", "2020-04-20"]
DAYS = {
    "2020-03-23": PERIODS[0],
    "2020-03-24": PERIODS[0],
    "2020-03-25": PERIODS[0],
    "2020-04-06": PERIODS[1],
    "2020-04-19": PERIODS[1],
    "2020-04-20": PERIODS[2],
}
PROVINCES = ["110000", "420000", "540000", "660000"]
PLATFORMS = ["P001", "P002", "P003"]
# (day, province, platform) → registrations, cancelled, completed, active learners, learners seen before
Counts = Mapping[tuple[str, str, str], tuple[int, int, int, int, int]]
Values = dict[tuple[str, str], dict[Key, float]]


@dataclass(frozen=True)
class Table:
    """(mart, column) → key → true value."""

    values: Values
    rows: dict[str, list[Key]] = field(default_factory=dict)


@st.composite
def day_counts(draw: st.DrawFn) -> Counts:
    """Many zeros and small ones."""
    provinces = PROVINCES[: draw(st.integers(2, len(PROVINCES)))]
    platforms = PLATFORMS[: draw(st.integers(2, len(PLATFORMS)))]
    days = list(DAYS)[: draw(st.integers(1, len(DAYS)))]
    count = st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6, 9, 20])
    places = [(day, province, platform) for day in days for province in provinces for platform in platforms]
    return {place: draw(st.tuples(count, count, count, count, count)) for place in places}


def table(counts: Counts) -> Table:
    values: Values = defaultdict(lambda: defaultdict(float))
    progress, daily = "registration_progress", "registration_daily"
    for (day, province, platform), (registrations, cancelled, completed, active, seen) in counts.items():
        for at in [(p, f) for p in (province, NATION) for f in (platform, ALL)]:
            period = DAYS[day]
            values[daily, "registrations"][day, *at] += registrations
            values[daily, "learners"][day, *at] += registrations
            values[daily, "active_learners"][day, *at] += active
            values[daily, "study_hours"][day, *at] += active * 1.5
            values[progress, "study_hours"][period, *at] += active * 1.5
            values[progress, "registrations"][period, *at] += registrations
            values[progress, "learners"][period, *at] += registrations
            values[progress, "new_learners"][period, *at] += max(0, registrations - seen)
            values[progress, "cancelled_registrations"][period, *at] += cancelled
            values[progress, "completed_registrations"][period, *at] += completed
            for later in [p for p in PERIODS if p >= period and p <= max(DAYS[d] for d, _, _ in counts)]:
                values[progress, "cumulative_registrations"][later, *at] += registrations
                values[progress, "cumulative_learners"][later, *at] += max(0, registrations - seen)
    rows = {
        mart: sorted(
            {key for column in columns for key, value in values[mart, column].items() if value},
        )
        for mart, columns in ((progress, PROGRESS_COLUMNS), (daily, DAILY_COLUMNS))
    }
    return Table({name: dict(column) for name, column in values.items()}, rows)


@dataclass(frozen=True)
class Publication:
    """`published`: as a reader sees it. `exposed`: cells that the suppression itself says it could not protect."""

    published: dict[tuple[str, str], dict[Key, float | None]]
    exposed: set[Cell]
    small: set[Cell]


def mart_rows(whole: Table) -> dict[str, MartRows]:
    rows = {}
    for mart, columns, time in (
        ("registration_progress", PROGRESS_COLUMNS, "period_start"),
        ("registration_daily", DAILY_COLUMNS, "day"),
    ):
        keys = whole.rows[mart]
        labels = {
            name: Labels.of(pa.chunked_array([[key[axis] for key in keys]]))
            for axis, name in enumerate((time, "province_code", "platform_id"))
        }
        values = {
            column: np.array([whole.values.get((mart, column), {}).get(key, 0.0) for key in keys], dtype=np.float64)
            for column in columns
        }
        rows[mart] = MartRows(labels, values)
    return rows


def publish_table(
    whole: Table,
    history_dir: Path | None = None,
    version: str = "1",
    *,
    withhold_zeros: bool = True,
    known_on: date | None = None,
) -> Publication:
    """Publish `whole` after what `history_dir` remembers, and write this version down there."""
    return publish_rows(mart_rows(whole), history_dir, version, withhold_zeros=withhold_zeros, known_on=known_on)


def publish_rows(
    rows: Mapping[str, MartRows],
    history_dir: Path | None = None,
    version: str = "1",
    *,
    withhold_zeros: bool = True,
    known_on: date | None = None,
) -> Publication:
    """The same of any marts."""
    specification = load_specification().model_copy(update={"withhold_zeros": withhold_zeros})
    earlier = read_history(history_dir, specification) if history_dir else []
    grids = build_grids(specification, rows, [publication.marts for publication in earlier])
    cells = build_cells(specification, rows, grids)
    layers = [publication.layer(specification, grids, cells) for publication in earlier]
    result = suppress(specification, grids, cells, layers)
    if history_dir:
        write_history(history_dir, version, specification, Withheld(grids, cells, result), known_on)
        mark_published(history_dir, version)
    return _as_read(grids, cells, result)


def _as_read(grids: Mapping[str, Grid], cells: CellTable, result: Suppression) -> Publication:
    published: dict[tuple[str, str], dict[Key, float | None]] = {}
    exposed, small = set(), set()
    exposed_slots = {*result.exposed.tolist(), *result.exposed_earlier.tolist()}
    for (mart, column), block in cells.blocks.items():
        grid = grids[mart]
        columns = published.setdefault((mart, column), {})
        level = result.level[cells.slot[block]]
        places = [grid.members[key][grid.codes(key)] for key in grid.keys]
        for number, key in enumerate(zip(*(place.tolist() for place in places), strict=True)):
            value = float(cells.value[block][number])
            carries = value != 0 or not cells.is_count[block][number]
            is_hidden = level[number] == HIDDEN_WITH_ZEROS or (level[number] == HIDDEN and carries)
            if is_hidden or grid.rows[number] >= 0:
                columns[key] = None if is_hidden else value
            if cells.is_count[block][number] and 0 < value < 5 and key[1] != NATION:
                small.add((mart, column, key))
            if cells.slot[block][number] in exposed_slots:
                exposed.add((mart, column, key))
    return Publication(published, exposed, small)


@st.composite
def two_states(draw: st.DrawFn) -> tuple[Counts, Counts]:
    """A state and a later one: some counts restated, now and then a day more."""
    earlier = draw(day_counts())
    later = dict(earlier)
    for place in draw(st.lists(st.sampled_from(sorted(earlier)), max_size=4)):
        count = st.sampled_from([0, 1, 2, 3, 5, 6, 7, 21])
        later[place] = draw(st.tuples(count, count, count, count, count))
    days = {day for day, _, _ in earlier}
    if len(days) < len(DAYS) and draw(st.booleans()):
        count = st.sampled_from([0, 0, 1, 3, 5, 8])
        for _, province, platform in {place for place in earlier if place[0] == min(days)}:
            later[list(DAYS)[len(days)], province, platform] = draw(st.tuples(count, count, count, count, count))
    return earlier, later
