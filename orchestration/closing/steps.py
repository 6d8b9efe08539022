"""The steps of a period, each of which refuses what may not follow.

    close (every due report is there) → approve → publish → a later publication with other figures: restated

The published marts always show the newest truth; what changes after closing is never silent: it is recorded as
`restated`, with the marts concerned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb

from orchestration.calendar import Period
from orchestration.closing.errors import ClosingError
from orchestration.closing.figures import Figures, changed_marts, read_figures
from orchestration.closing.record import PeriodEvent, PeriodRecord, appending, read_record
from orchestration.loading.database import open_for_reading
from orchestration.publishing.specification import Specification
from orchestration.settings import SHANGHAI, Settings
from orchestration.wording import some

PUBLISHER = "publish"
_MOST_NAMES = 5


def close(
    settings: Settings, period: Period, by: str, despite_missing: str | None = None,
    specification: Specification | None = None,
) -> PeriodEvent:  # fmt: skip
    """Close an open period. `despite_missing`: the reason for closing although due reports have not come.

    Raises ClosingError before the reports are due, while the marts are older than that, when one is missing without a
    reason given, and for a period that is not open.
    """
    now = settings.now()
    if now < period.due_at:
        raise ClosingError(
            f"period {period.key} can't be closed yet: its reports are due on {period.due_at:%Y-%m-%d %H:%M}"
        )
    with _marts(settings) as connection, appending(settings.warehouse_dir) as record:
        _require(record, period.key, "open", "only an open period can be closed")
        missing = _missing(connection, period)
        if missing and not despite_missing:
            raise ClosingError(
                f"period {period.key} can't be closed: {len(missing)} due reports are missing "
                f"({some(missing, _MOST_NAMES)}). "
                "Chase them and run `warehouse build`, or close with --despite-missing 'REASON'"
            )
        return record.append(
            PeriodEvent(
                period_start=period.key,
                state="closed",
                by=by,
                at=_iso(now),
                figures=read_figures(connection, specification).get(period.key, {}),
                missing=missing,
                reason=despite_missing if missing else None,
            )
        )


def approve(settings: Settings, period: Period, by: str, specification: Specification | None = None) -> PeriodEvent:
    """Approve a closed period for publication, with the figures it has now. Raises ClosingError unless it is closed."""
    with _marts(settings) as connection, appending(settings.warehouse_dir) as record:
        _require(record, period.key, "closed", "only a closed period can be approved")
        figures = read_figures(connection, specification).get(period.key, {})
        return record.append(
            PeriodEvent(period_start=period.key, state="approved", by=by, at=_iso(settings.now()), figures=figures)
        )


def record_publication(
    settings: Settings, version: str, specification: Specification | None = None
) -> list[PeriodEvent]:
    """Record that `version` showed each approved period, and which published ones it showed with other figures.

    Call it under the writer lock, after the swap. A kill before it loses nothing: the next publication records it.
    """
    if not read_record(settings.warehouse_dir).events:
        return []
    with _marts(settings) as connection:
        figures = read_figures(connection, specification)
    with appending(settings.warehouse_dir) as record:
        events = [_published(record, period, figures, version, _iso(settings.now())) for period in record.periods()]
        return [record.append(event) for event in events if event is not None]


def changes(settings: Settings, specification: Specification | None = None) -> dict[str, list[str]] | None:
    """Period → marts whose figures in the warehouse are no longer those of its closing or first publication.

    None where nothing has been closed or built.
    """
    record = read_record(settings.warehouse_dir)
    if not record.events or not settings.database_path.is_file():
        return None
    with _marts(settings) as connection:
        figures = read_figures(connection, specification)
    found = {period: changed_marts(reference(record, period), figures.get(period, {})) for period in record.periods()}
    return {period: marts for period, marts in found.items() if marts}


def reference(record: PeriodRecord, period_start: str) -> dict[str, str]:
    """The figures that a period is held against: those first published, or approved, or closed, whichever is last."""
    return next(event.figures for event in reversed(record.of(period_start)) if event.state != "restated")


def _published(record: PeriodRecord, period: str, figures: Figures, version: str, at: str) -> PeriodEvent | None:
    last = record.of(period)[-1]
    now = figures.get(period, {})
    if last.state == "approved":
        return PeriodEvent(
            period_start=period, state="published", by=PUBLISHER, at=at, figures=now, version=version,
            marts=changed_marts(last.figures, now),
        )  # fmt: skip
    if last.state in ("published", "restated") and (marts := changed_marts(last.figures, now)):
        return PeriodEvent(
            period_start=period, state="restated", by=PUBLISHER, at=at, figures=now, version=version, marts=marts
        )
    return None


def _require(record: PeriodRecord, period: str, state: str, rule: str) -> None:
    if (found := record.state(period)) != state:
        raise ClosingError(f"period {period} is {found}; {rule}")


@contextmanager
def _marts(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    if not settings.database_path.is_file():
        raise ClosingError(f"{settings.database_path} is not there yet: run `warehouse build`")
    with open_for_reading(settings) as connection:
        yield connection


def _missing(connection: duckdb.DuckDBPyConnection, period: Period) -> list[str]:
    """'sender feed' of each due report that has not come."""
    try:
        rows = connection.execute(
            "select sender_id || ' ' || feed, status from marts.reporting_timeliness where period_start = ? "
            "order by sender_id, feed",
            [period.start],
        ).fetchall()
    except duckdb.CatalogException:
        raise ClosingError("marts.reporting_timeliness is not there yet: run `warehouse build`") from None
    if not rows or any(status == "not_due" for _, status in rows):
        raise ClosingError(
            f"period {period.key} can't be closed: the marts were built before its reports were due; "
            "run `warehouse build`"
        )
    return [name for name, status in rows if status == "missing"]


def _iso(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")
