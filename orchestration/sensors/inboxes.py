"""New files in an inbox start the landing of exactly the cells that they belong to."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from orchestration import calendar
from orchestration.assets.flow import landing_key
from orchestration.jobs import LAND_JOB
from orchestration.landing.inboxes import InboxCell, Look, look
from orchestration.partitions import Roster, range_tags
from orchestration.rectangles import rectangles
from orchestration.resources import Warehouse
from orchestration.sources.feeds import SenderKind
from orchestration.sources.registry.load import load_registry
from orchestration.sources.registry.senders import RegistryError
from orchestration.wording import some

# A look lists every folder of every inbox, some of them on servers of others.
_LOOK_SECONDS = 120
_MOST_TOLD = 3

Marks = Mapping[InboxCell, frozenset[str]]


def inbox_sensor(kind: SenderKind, roster: Roster, warehouse: Warehouse) -> SensorDefinition:
    """Asks for a landing of the cells in whose inbox a file is new or has changed."""

    @sensor(
        name=f"{LAND_JOB[kind]}_when_files_come",
        job_name=LAND_JOB[kind],
        minimum_interval_seconds=_LOOK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description=f"Looks into the inboxes of the {kind.value}s that deliver files, and lands the partitions for "
        "which a file is new or has changed (by name, size and time; a file still being written, .part or .tmp, is "
        "left alone). The first look only remembers what lies there.",
    )
    def when_files_come(context: SensorEvaluationContext) -> SensorResult:
        settings = warehouse.settings
        try:
            registry = load_registry(settings.sources_path, settings.secret, lenient=True)
        except RegistryError as error:
            return SensorResult(skip_reason=f"The registry of senders can't be read. {error}", cursor=context.cursor)
        periods = calendar.periods(roster.campaign)
        now = settings.now()
        senders = set(roster.sender_ids(kind))
        begun = {period.key for period in roster.periods if period.opens_at <= now}
        found = look(registry, kind, periods, settings.secret)
        for trouble in found.unreachable.values():
            context.log.warning("%s", trouble)
        # A file of a period that has not begun is new on the day on which it begins.
        there = {
            cell: marks
            for cell, marks in found.cells.items()
            if cell.sender_id in senders and (cell.period_key is None or cell.period_key in begun)
        }
        known = read_cursor(context.cursor)
        if known is None:
            told = f"First look: {found.files_count} files lie in the inboxes; from now on new ones are landed."
            return SensorResult(skip_reason=_skip(told, found), cursor=write_cursor(there))
        # What could not be looked at is as it was.
        kept = {cell: marks for cell, marks in known.items() if cell.sender_id in found.unreachable}
        news = {cell: marks - known.get(cell, frozenset()) for cell, marks in there.items()}
        news = {cell: marks for cell, marks in news.items() if marks}
        cursor = write_cursor(kept | there)
        if not news:
            told = f"No new file among {found.files_count} in the inboxes."
            return SensorResult(skip_reason=_skip(told, found), cursor=cursor)
        return SensorResult(run_requests=list(requests(kind, roster, sorted(begun), news)), cursor=cursor)

    return when_files_come


@dataclass(frozen=True)
class Asked:
    """Cells of consecutive periods and senders that have the same feeds."""

    feeds: tuple[str, ...]
    periods: tuple[str, ...]
    senders: tuple[str, ...]


def requests(kind: SenderKind, roster: Roster, begun: Sequence[str], news: Marks) -> Iterator[RunRequest]:
    """One run for each rectangle of cells in `news`, together exactly those cells."""
    for asked in cut(news, begun, roster.sender_ids(kind)):
        concerned = {
            cell: marks
            for cell, marks in news.items()
            if cell.sender_id in asked.senders and (cell.period_key or asked.periods[0]) in asked.periods
        }
        text = json.dumps(sorted([str(cell), *sorted(marks)] for cell, marks in concerned.items()))
        files = sum(len(marks) for marks in concerned.values())
        yield RunRequest(
            run_key=f"{kind.value}-{hashlib.sha256(text.encode()).hexdigest()[:16]}",
            asset_selection=[landing_key(feed) for feed in asked.feeds],
            tags={
                **range_tags(asked.periods, asked.senders),
                "started_by": f"{files} new or changed file{'s' * (files > 1)} of {', '.join(asked.senders)}",
            },
        )


def cut(cells: Iterable[InboxCell], begun: Sequence[str], senders: Sequence[str]) -> list[Asked]:
    """`cells` cut into what one run can ask for (`begun` periods and `senders` in the partitions' order)."""
    feeds_of: dict[tuple[str, str], set[str]] = {}
    for cell in cells:
        for period in begun if cell.period_key is None else (cell.period_key,):
            feeds_of.setdefault((period, cell.sender_id), set()).add(cell.feed)
    by_feeds: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for place, feeds in feeds_of.items():
        by_feeds.setdefault(tuple(sorted(feeds)), []).append(place)
    return [
        Asked(feeds, of_periods, of_senders)
        for feeds, places in sorted(by_feeds.items())
        for of_periods, of_senders in rectangles(places, begun, senders)
    ]


def write_cursor(marks: Marks) -> str:
    """The marks as text, packed: Dagster keeps the cursor of every tick."""
    flat = [[cell.sender_id, cell.feed, cell.period_key, "".join(sorted(own))] for cell, own in marks.items()]
    return base64.b85encode(zlib.compress(json.dumps(flat, separators=(",", ":")).encode(), 9)).decode()


def read_cursor(cursor: str | None) -> dict[InboxCell, frozenset[str]] | None:
    """What `write_cursor` wrote; None before the first look."""
    if not cursor:
        return None
    flat = json.loads(zlib.decompress(base64.b85decode(cursor)))
    return {
        InboxCell(sender, feed, period): frozenset(text[at : at + 8] for at in range(0, len(text), 8))
        for sender, feed, period, text in flat
    }


def _skip(told: str, found: Look) -> SkipReason:
    if not found.unreachable:
        return SkipReason(told)
    named = some(found.unreachable.values(), _MOST_TOLD, "; ")
    return SkipReason(f"{told} Not looked at, as they can't be reached: {named}.")
