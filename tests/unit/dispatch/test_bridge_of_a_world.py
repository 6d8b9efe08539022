"""A drawn world with every cause of a difference put into it: the bridge says of each cell what the sandbox counted.

Each row is received in the second in which its sender changed it, so that nothing is left to the hours of pulling.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from support.compiled_project import CompiledProject
from support.raw_world import RawWorld, person_key, person_sk, registration_sk

from orchestration.sandbox import wire
from orchestration.sandbox.dispatch import Report, draw_reports
from orchestration.sandbox.drawing import Draw, draw
from orchestration.sandbox.restatements import Restated, add_restatements
from orchestration.sandbox.timeline import SANDBOX_NOW, wall_datetime
from orchestration.sandbox.truth.bridge import CLASSES, STEPS, reconciliation_bridge
from orchestration.sandbox.truth.indicators import MONEY

SEED, REGISTRATIONS, LEARNING_RECORDS = 11, 1_200, 4_000
Cell = tuple[str, str, str, str]


@dataclass(frozen=True)
class Counted:
    """A world in the warehouse, and what the sandbox counted of it: cell → steps, and likely cause."""

    raw: RawWorld
    drawn: Draw
    restated: tuple[Restated, ...]
    steps: dict[Cell, tuple[Decimal, ...]]
    causes: dict[Cell, str]

    def of(self, restated: Restated, indicator: str) -> dict[str, Decimal]:
        key = (self.drawn.line.periods[restated.period].key, restated.bureau, indicator, "this_period")
        return dict(zip(STEPS, self.steps[key], strict=True))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, compiled_project: CompiledProject) -> Counted:
    drawn, restated = add_restatements(draw(SEED, REGISTRATIONS, LEARNING_RECORDS))
    reports = draw_reports(drawn, messy=False)
    raw = RawWorld(tmp_path_factory.mktemp("world"), now=SANDBOX_NOW.isoformat())
    _register_senders(raw, drawn)
    for feed, build in (wire.PLATFORM_FRAMES | wire.BUREAU_FRAMES).items():
        specs = drawn.platforms if feed in wire.PLATFORM_FRAMES else drawn.bureaus
        frame = build(drawn).filter(pl.col("_at") < drawn.line.now)
        raw.insert_frame(feed, _landed(frame, [spec.id for spec in specs]))
    raw.insert_frame("dispatch_reports", _filed(drawn, reports))
    raw.run(compiled_project, "reconciliation_bridge")
    table = reconciliation_bridge(drawn, reports)
    rows = [(tuple(row[:4]), row[4:]) for row in table.rows]
    return Counted(
        raw,
        drawn,
        restated,
        {key: tuple(_shown(key[2], value) for value in values[:-1]) for key, values in rows},
        {key: values[-1] for key, values in rows if values[-1]},
    )


def _register_senders(raw: RawWorld, drawn: Draw) -> None:
    beginning = "1900-01-01 00:00:00"
    versions = []
    for spec in drawn.platforms:
        raw.platform(
            spec.id, selected_from=spec.selected_from, selected_to=spec.selected_to, selected_by=spec.selected_by
        )
        moments = [beginning, str(wall_datetime(spec.before.until))[:19] if spec.before else None]
        for known_from, known_to, said in zip(moments, [moments[1], None], [spec.before or spec, spec], strict=True):
            if known_from:
                row = {name: getattr(said, name) for name in ("selected_from", "selected_to", "selected_by")}
                row |= {"sender_id": spec.id, "sender_kind": "platform", "known_from": known_from, "known_to": known_to}
                versions.append(row)
    raw.insert("config_sender_versions", *versions)
    for bureau in drawn.bureaus:
        raw.bureau(bureau.id)


def _landed(frame: pl.DataFrame, sender_ids: list[str]) -> pl.DataFrame:
    """As landing leaves it: who sent it and when it came; pseudonyms and keys in the place of numbers."""
    frame = frame.with_columns(
        sender_id=pl.col("_sender").map_elements(lambda number: sender_ids[number], return_dtype=pl.Utf8),
        _ledger_sequence=pl.col("_at").rank("dense").over("_sender").cast(pl.Int64),
        _position=pl.int_range(pl.len()),
        _received_at=pl.from_epoch("_at", time_unit="s"),
        _batch_id=pl.lit("drawn"),
        _period_start=pl.lit("2020-03-23"),
    )
    if "id_number" in frame.columns:
        people = frame["id_number"].to_list()
        people = [unicodedata.normalize("NFKC", who).strip().upper() if who else None for who in people]
        frame = frame.with_columns(
            person_key=pl.Series([str(person_key(who)) if who else None for who in people], dtype=pl.Utf8),
            person_sk=pl.Series([person_sk(who) if who else None for who in people], dtype=pl.Int64),
        )
    if "registration_id" in frame.columns:
        pairs = frame.select("sender_id", "registration_id").rows()
        frame = frame.with_columns(registration_sk=pl.Series([registration_sk(*pair) for pair in pairs]))
    return frame


def _filed(drawn: Draw, reports: list[Report]) -> pl.DataFrame:
    def rows() -> Iterator[dict[str, Any]]:
        for number, report in enumerate(reports, start=1):
            filed_at = wall_datetime(report.filed_at).replace(tzinfo=None)
            for position, (name, (this_period, cumulative)) in enumerate(report.values.items()):
                yield {
                    "sender_id": report.bureau,
                    "region_code": report.bureau,
                    "period_start": drawn.line.periods[report.period].start,
                    "filed_at": filed_at,
                    "version": report.version,
                    "indicator_code": name,
                    "this_period": str(_shown(name, this_period)),
                    "cumulative": str(_shown(name, cumulative)),
                    "_ledger_sequence": 1_000_000 + number,
                    "_position": position,
                    "_received_at": filed_at,
                    "_batch_id": f"filed-{number}",
                    "_period_start": date(2020, 3, 23),
                }

    return pl.DataFrame(list(rows()))


def _shown(name: str, value: int) -> Decimal:
    return Decimal(value) / 100 if name in MONEY else Decimal(value)


def test_every_step_of_every_cell_is_what_the_sandbox_counted(counted: Counted) -> None:
    rows = counted.raw.rows(
        """select cast(period_start as varchar), province_code, indicator_code, measure,
            list(value order by step_number)
        from marts.reconciliation_bridge group by all"""
    )
    found = {tuple(key): tuple(values) for *key, values in rows}
    assert len(found) > 10_000
    assert found.keys() == counted.steps.keys()
    assert {key: (found[key], counted.steps[key]) for key in found if found[key] != counted.steps[key]} == {}


def test_the_likely_cause_is_the_one_that_the_sandbox_knows(counted: Counted) -> None:
    rows = counted.raw.rows(
        """select cast(period_start as varchar), province_code, indicator_code, measure, likely_cause
        from marts.reconciliation_bridge where likely_cause is not null"""
    )
    assert {tuple(key): cause for *key, cause in rows} == counted.causes
    assert set(counted.causes.values()) == {"unverified", "cancelled", "unselected_platform", "other_province"}


def test_each_cause_was_put_into_a_cell_of_its_own(counted: Counted) -> None:
    """Else the comparison above says nothing of it."""
    assert sorted(restated.cause for restated in counted.restated) == sorted(CLASSES)
    for restated in counted.restated:
        of_group = restated.cause in ("correction", "roster")
        steps = counted.of(restated, "registrations_KG05" if of_group else "registrations")
        assert restated.count > 0
        assert abs(steps[restated.cause]) >= restated.count, restated
        assert steps["unexplained"] == 0, restated


def test_the_rows_of_each_cell_add_up(counted: Counted) -> None:
    for steps in counted.steps.values():
        assert sum(steps[:-1]) == steps[-1]
