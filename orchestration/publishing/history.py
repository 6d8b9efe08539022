"""What earlier publications showed and withheld, so that none of it follows from a later one.

    <warehouse>/disclosure/<version>/<mart>.parquet     true counts and sums with their keys, and what was hidden

These files hold what the publications withhold: they lie beside the warehouse, for its owner alone, and are never
published. Each is written before its publication is swapped in and marked after; an unmarked one counts for nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.publishing.disclosure.cells import CellTable, EarlierLayer, secrets_of
from orchestration.publishing.disclosure.grids import Grid, Labels, MartRows, Texts
from orchestration.publishing.disclosure.hiding import HIDDEN, HIDDEN_WITH_ZEROS
from orchestration.publishing.disclosure.suppression import Withheld
from orchestration.publishing.errors import PublishError
from orchestration.publishing.files import make_durable
from orchestration.publishing.specification import Mart, Specification

HISTORY_DIR = "disclosure"
# Earlier publications that take part. Each costs a read and, where its sums have changed since, equations.
REMEMBERED = 5
_LEVEL = "_level_"
_PUBLISHED, _CLOCK = "published", "known_on"


class EarlierPublication:
    """One folder of the history: its marts and, by unit, the level of each row."""

    def __init__(self, folder: Path, specification: Specification) -> None:
        clock = folder / _CLOCK
        self.known_on = date.fromisoformat(clock.read_text(encoding="ascii")) if clock.is_file() else None
        self.marts: dict[str, MartRows] = {}
        self.levels: dict[tuple[str, str], np.ndarray] = {}
        for name, mart in specification.marts.items():
            path = folder / f"{name}.parquet"
            if mart.units and path.is_file():
                table = pq.read_table(path)
                # A mart whose keys or counts are no longer the same can't be compared with today's.
                if set(_columns(mart)) <= set(table.column_names) and table.num_rows:
                    self._take(name, mart, table)

    def _take(self, name: str, mart: Mart, table: pa.Table) -> None:
        self.marts[name] = MartRows(
            {key: Labels.of(table.column(key)) for key in mart.keys},
            {column: table.column(column).to_numpy() for column in _counted(mart)},
        )
        for unit in mart.units:
            self.levels[name, unit] = table.column(_LEVEL + unit).to_numpy()

    def layer(self, specification: Specification, grids: Mapping[str, Grid], cells: CellTable) -> EarlierLayer:
        """Lay this publication over today's cells. It says nothing of days and periods after its own last one."""
        value = np.full(cells.size, np.nan)
        is_hidden, is_settled = np.zeros(cells.size, dtype=bool), np.zeros(cells.size, dtype=bool)
        for name, rows in self.marts.items():
            if name not in grids:
                continue
            grid, mart = grids[name], specification.marts[name]
            places = grid.places(rows)
            is_there, is_over = np.ones(grid.size, dtype=bool), np.zeros(grid.size, dtype=bool)
            if mart.time is not None:
                times, known = grid.members[mart.time], rows.keys[mart.time].members
                is_there = np.isin(times, known)[grid.codes(mart.time)]
                is_over = (times < _running_from(known, self.known_on))[grid.codes(mart.time)]
            for unit_name, unit in mart.units.items():
                level = np.zeros(grid.size, dtype=np.uint8)
                level[places] = self.levels[name, unit_name]
                for column in (*unit.counts, *unit.sums):
                    block = cells.blocks[name, column]
                    values = np.where(is_there, 0.0, np.nan)
                    values[places] = rows.values[column]
                    carries = (values != 0) | (column in unit.sums)
                    value[block] = values
                    is_settled[block] = is_there & is_over
                    is_hidden[block] = (level >= HIDDEN) & carries | (level == HIDDEN_WITH_ZEROS)
        is_secret = secrets_of(specification, grids, cells, value)
        return EarlierLayer(value, is_hidden & ~cells.is_fixed, is_settled, is_secret)


def _running_from(times: Texts, known_on: date | None) -> str:
    """The first of the days or periods (their first days, in order) that was not over on `known_on`: the last one,
    unless that, as long as the one before, was over too."""
    last = date.fromisoformat(str(times[-1]))
    if known_on is not None and len(times) > 1:
        after = last + (last - date.fromisoformat(str(times[-2])))
        if after <= known_on:
            return after.isoformat()
    return last.isoformat()


def read_history(folder: Path, specification: Specification) -> list[EarlierPublication]:
    """The last publications, newest first."""
    return [read_publication(path, specification) for path in _versions(folder)[::-1][:REMEMBERED]]


def read_publication(folder: Path, specification: Specification) -> EarlierPublication:
    """One of them. Raises PublishError where it is damaged: what it withheld can't be protected without it."""
    try:
        return EarlierPublication(folder, specification)
    except ValueError as error:
        raise PublishError(
            f"{folder} is damaged, and says what an earlier publication withheld ({str(error).splitlines()[0]}): "
            "bring it back from a backup; without it, deleted, this publication may give that away"
        ) from None


def write_history(
    folder: Path,
    version: str,
    specification: Specification,
    withheld: Withheld,
    known_on: date | None = None,
) -> None:
    """Write down what `version`, of the day `known_on`, holds and hides; nothing that begins after its last day. Raises
    OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    building = folder / f".{version}.unfinished"
    cells, suppression = withheld.cells, withheld.suppression
    building.mkdir()
    for name, grid in withheld.grids.items():
        mart = specification.marts[name]
        levels = {unit: suppression.level[cells.units[name, unit]] for unit in mart.units}
        is_kept = (grid.rows >= 0) | np.any([level > 0 for level in levels.values()], axis=0)
        kept = np.flatnonzero(is_kept & grid.until(mart.time, withheld.last_day))
        columns: dict[str, pa.Array] = {
            key: pa.array(grid.members[key].tolist(), type=pa.string()).take(pa.array(grid.codes(key)[kept]))
            for key in mart.keys
        }
        columns |= {column: pa.array(cells.value[cells.blocks[name, column]][kept]) for column in _counted(mart)}
        columns |= {_LEVEL + unit: pa.array(level[kept]) for unit, level in levels.items()}
        pq.write_table(pa.table(columns), building / f"{name}.parquet", compression="zstd")
    if known_on is not None:
        (building / _CLOCK).write_text(known_on.isoformat(), encoding="ascii")
    make_durable(building)
    building.rename(folder / version)
    make_durable(folder)


def mark_published(folder: Path, version: str) -> None:
    """Say that readers have seen `version`: only then does it count for later publications."""
    if (folder / version).is_dir():
        (folder / version / _PUBLISHED).touch()


def tidy(folder: Path) -> None:
    """Remove what no publication came of, and what is older than is remembered."""
    if not folder.is_dir():
        return
    kept = _versions(folder)[-REMEMBERED:]
    for path in folder.iterdir():
        if path.is_dir() and path not in kept:
            shutil.rmtree(path)


def _versions(folder: Path) -> list[Path]:
    """The published ones, oldest first."""
    return sorted(mark.parent for mark in folder.glob(f"*/{_PUBLISHED}") if mark.parent.name[0] != ".")


def _counted(mart: Mart) -> list[str]:
    return [column for unit in mart.units.values() for column in (*unit.counts, *unit.sums)]


def _columns(mart: Mart) -> list[str]:
    return [*mart.keys, *_counted(mart), *(_LEVEL + unit for unit in mart.units)]
