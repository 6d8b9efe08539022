"""Pulling: every sender beside the others, each sender's feeds one after the other.

    plan_pulls → pull → for each task: connectors.fetch → taking.take → landed files and ledger entries

One sender's trouble is a `Trouble` in its FeedPull and stops nobody else. Only what would hit every sender alike, a
full disk or a read-only folder, is raised (LandingError).
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event

from orchestration.landing.errors import LandingError, LedgerDamagedError
from orchestration.landing.ledger import Ledger, LedgerEntry, read_ledger
from orchestration.landing.plan import PullTask, plan_pulls
from orchestration.landing.taking import Landing, known_batch, source_of, take
from orchestration.settings import Settings
from orchestration.sources.connectors import fetch
from orchestration.sources.errors import SourceError, defect_message
from orchestration.sources.payload import Payload
from orchestration.sources.registry.senders import Registry, ResolveSecret

__all__ = ["FeedPull", "PullTask", "Trouble", "condense", "plan_pulls", "pull", "pull_feed"]

# After that many pulls in a row that a sender's server didn't answer, its others aren't tried in this run: each would
# wait through all its retries only to say the same.
GIVE_UP_AFTER = 2


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong at a sender; `str()` is one line for people and holds no value of a row.

    `is_consequence`: the pull wasn't tried because of trouble reported already.
    """

    sender_id: str
    feed: str
    period_start: str | None
    source_name: str
    field: str | None
    message: str
    is_transient: bool = False
    row: int | None = None
    is_consequence: bool = False

    def __str__(self) -> str:
        period = f" {self.period_start}" if self.period_start else ""
        row = f" row {self.row}" if self.row is not None else ""
        field_name = f" field {self.field}" if self.field else ""
        return f"{self.sender_id} {self.feed}{period} {self.source_name}{row}{field_name}: {self.message}"


@dataclass
class FeedPull:
    """What one task came to. Counts are of the batches landed: `rows_count` rows taken, bytes as delivered.

    `has_no_answer`: the sender itself couldn't be read, as opposed to what it sent being refused.
    """

    task: PullTask
    entries: list[LedgerEntry] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    has_no_answer: bool = False

    @property
    def batches(self) -> list[LedgerEntry]:
        return [entry for entry in self.entries if entry.kind == "batch"]

    @property
    def rows_count(self) -> int:
        return sum(entry.rows_count for entry in self.batches)

    @property
    def quarantined_rows_count(self) -> int:
        return sum(entry.quarantined_rows_count for entry in self.batches)

    @property
    def bytes_count(self) -> int:
        return sum(entry.bytes_count for entry in self.batches)


def pull_feed(
    settings: Settings, task: PullTask, now: datetime | None = None, *, confirmed: Collection[str] = ()
) -> FeedPull:
    """Pull and land one task at the clock `now` (default: the settings'). Doing it again lands nothing new.

    `confirmed`: hashes of shrunk snapshots to take all the same. Never raises for a sender's trouble; raises
    LandingError, SettingsError, CampaignError.
    """
    landing = Landing.of(settings, now, confirmed)
    return _pull_task(landing, read_ledger(settings.landing_dir), task, settings.secret)


def pull(
    settings: Settings,
    registry: Registry,
    tasks: Collection[PullTask],
    on_done: Callable[[FeedPull], None] | None = None,
    workers: int = 8,
    *,
    now: datetime | None = None,
    confirmed: Collection[str] = (),
) -> list[FeedPull]:
    """Pull and land `tasks`, up to `workers` senders at a time, as many payloads as the settings have `threads`; the
    outcomes in the tasks' order.

    `on_done` is called in the calling thread as each task ends. All tasks see one clock. `registry` is the one that the
    tasks were planned from. Raises LandingError as soon as one is met, after the tasks under way have ended.
    """
    landing = Landing.of(settings, now, confirmed)
    by_sender: dict[str, list[PullTask]] = {}
    for task in tasks:
        by_sender.setdefault(registry.sender(task.sender.id).id, []).append(task)
    done: queue.SimpleQueue[FeedPull | BaseException] = queue.SimpleQueue()
    stopping = Event()

    def pull_sender(own: list[PullTask]) -> None:
        ledger = read_ledger(settings.landing_dir)
        try:
            for outcome in _pull_in_order(landing, ledger, own, settings.secret):
                done.put(outcome)
                if stopping.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - handed to the calling thread, which raises it
            done.put(error)

    found: dict[int, FeedPull] = {}
    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="pull") as pool:
        try:
            for own in by_sender.values():
                pool.submit(pull_sender, own)
            while len(found) < len(tasks):
                outcome = done.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                found[id(outcome.task)] = outcome
                if on_done is not None:
                    on_done(outcome)
        except BaseException:
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [found[id(task)] for task in tasks]


def _pull_in_order(
    landing: Landing, ledger: Ledger, tasks: list[PullTask], resolve_secret: ResolveSecret
) -> Iterator[FeedPull]:
    """One sender's tasks; a server that keeps failing isn't asked for the rest."""
    failures: dict[str, list[Trouble]] = {}
    for task in tasks:
        server = source_of(task).base_url
        if server and len(failures.get(server, [])) >= GIVE_UP_AFTER:
            yield FeedPull(task, troubles=[_not_tried(task, failures[server][-1])])
            continue
        outcome = _pull_task(landing, ledger, task, resolve_secret)
        if server:
            failures[server] = [*failures.get(server, []), *outcome.troubles] if outcome.has_no_answer else []
        yield outcome


def condense(troubles: Iterable[Trouble]) -> list[Trouble]:
    """The same troubles, with one for all the pulls of a sender that weren't tried, in the place of the first."""
    found: list[Trouble] = []
    not_tried: dict[tuple[str, str], int] = {}
    for trouble in troubles:
        cause = (trouble.sender_id, trouble.message)
        if not trouble.is_consequence:
            found.append(trouble)
            continue
        if cause not in not_tried:
            found.append(trouble)
        not_tried[cause] = not_tried.get(cause, 0) + 1
    return [_counted(trouble, not_tried.get((trouble.sender_id, trouble.message), 0)) for trouble in found]


def _counted(trouble: Trouble, pulls_count: int) -> Trouble:
    if not trouble.is_consequence or pulls_count < 2:
        return trouble
    message = f"{trouble.message} ({pulls_count} pulls, of which this is the first)"
    return replace(trouble, message=message)


def _not_tried(task: PullTask, cause: Trouble) -> Trouble:
    return Trouble(
        sender_id=task.sender.id,
        feed=task.feed,
        period_start=task.period_start,
        source_name=cause.source_name,
        field=None,
        message=f"not tried, since the pulls before it failed: {cause.message}",
        is_transient=cause.is_transient,
        is_consequence=True,
    )


def _pull_task(landing: Landing, ledger: Ledger, task: PullTask, resolve_secret: ResolveSecret) -> FeedPull:
    outcome = FeedPull(task)

    def already_taken(sha256: str) -> bool:
        return known_batch(landing, task, ledger.entries(task.sender.id), sha256) is not None

    try:
        delivered = fetch(
            source_of(task),
            task.sender,
            task.feed,
            task.period,
            landing.terms.now,
            resolve_secret=resolve_secret,
            already_taken=already_taken,
            last_period=landing.terms.periods[-1],
            turn=landing.turn,
        )
        for item in delivered:
            _take_or_tell(landing, ledger, item, outcome)
    except LedgerDamagedError as error:
        outcome.troubles.append(_about(task, "(ledger)", str(error)))
    except LandingError:
        raise
    except Exception as error:  # noqa: BLE001 - one sender must never stop the others, whatever is wrong
        outcome.troubles.append(_about(task, "(internal)", defect_message(error)))
    return outcome


def _take_or_tell(landing: Landing, ledger: Ledger, item: Payload | SourceError, outcome: FeedPull) -> None:
    task = outcome.task
    if isinstance(item, SourceError):
        outcome.has_no_answer = True
        outcome.troubles.append(trouble_of(task, item))
        return
    try:
        entry = take(landing, ledger, task, item)
    except LandingError:
        raise
    except SourceError as error:
        outcome.troubles.append(trouble_of(task, error))
    except Exception as error:  # noqa: BLE001 - the sender's next file may be good
        outcome.troubles.append(_about(task, item.source_name, defect_message(error)))
    else:
        if entry is not None:
            outcome.entries.append(entry)


def trouble_of(task: PullTask, error: SourceError) -> Trouble:
    """The error of a connector or of the contract as this task's trouble."""
    return Trouble(
        sender_id=error.sender_id,
        feed=error.feed,
        period_start=task.period_start,
        source_name=error.source_name,
        field=error.field,
        message=error.message,
        is_transient=error.is_transient,
        row=error.row,
    )


def _about(task: PullTask, source_name: str, message: str) -> Trouble:
    return Trouble(task.sender.id, task.feed, task.period_start, source_name, None, message)
