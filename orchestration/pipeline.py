"""The whole way, in one call.

    senders → land (parallel, no lock) → load → transform (dbt) → publish → one report

`warehouse build` runs this; Dagster runs the same functions as assets. One sender's trouble is recorded and the rest
goes on; a transformation with an error leaves the last publication as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import duckdb

from orchestration import calendar
from orchestration.calendar import Period
from orchestration.campaign import Campaign, load_campaign
from orchestration.landing.configuration import CONFIG_SENDER, land_configuration
from orchestration.landing.errors import LedgerDamagedError
from orchestration.landing.ledger import Ledger, read_ledger
from orchestration.landing.pull import FeedPull, PullTask, Trouble, condense, plan_pulls, pull
from orchestration.landing.replay import Replay, batches_to_replay, replay
from orchestration.landing.taking import current_key_id
from orchestration.loading.database import open_for_reading
from orchestration.loading.load import LoadReport, load
from orchestration.publishing.errors import PublishError
from orchestration.reporting.progress import Reporter, SilentReporter
from orchestration.reporting.standing import Standing, read_standing
from orchestration.settings import Settings
from orchestration.sources.feeds import FEEDS
from orchestration.sources.registry.load import load_registry
from orchestration.sources.registry.senders import Registry, RegistryError
from orchestration.transforming.dbt import NodeEvent, last_report, target_dir, transform
from orchestration.transforming.results import TransformReport, first_error
from orchestration.transforming.unsettled import read_unsettled

if TYPE_CHECKING:
    from orchestration.publishing.building import PublishReport


_SHA256 = re.compile("[0-9a-fA-F]{64}")


class UsageError(Exception):
    """What was asked for does not exist here (a period, a sender); nothing was done."""


@dataclass(frozen=True)
class Deployment:
    """Everything that is checked before the first sender is asked."""

    settings: Settings
    registry: Registry
    campaign: Campaign
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class PullSummary:
    """What one round of pulls did. `troubles` name sender, feed, file and field."""

    tasks_count: int = 0
    batches_count: int = 0
    rows_count: int = 0
    quarantined_rows_count: int = 0
    bytes_count: int = 0
    troubles: tuple[Trouble, ...] = ()

    def __add__(self, other: PullSummary) -> PullSummary:
        return PullSummary(
            self.tasks_count + other.tasks_count,
            self.batches_count + other.batches_count,
            self.rows_count + other.rows_count,
            self.quarantined_rows_count + other.quarantined_rows_count,
            self.bytes_count + other.bytes_count,
            self.troubles + other.troubles,
        )

    @property
    def failed_senders(self) -> tuple[str, ...]:
        return tuple(sorted({trouble.sender_id for trouble in self.troubles}))


@dataclass(frozen=True)
class BuildReport:
    """One build from end to end. `publication` is None when it was withheld."""

    pull: PullSummary
    load: LoadReport
    transform: TransformReport
    standing: Standing | None
    publication: PublishReport | None

    @property
    def exit_code(self) -> int:
        """0 when every sender answered and everything was published. Late filings and quarantined rows are reported
        facts, not failures."""
        troubled = self.pull.troubles or self.load.problems or not self.transform.is_ok or self.publication is None
        return int(bool(troubled))


def prepare(settings: Settings) -> Deployment:
    """Read and check registry, campaign and key. Raises RegistryError, CampaignError, SettingsError.

    A sender whose entry is wrong is left out and told as its trouble; what is wrong with the file as a whole is raised.
    """
    campaign = load_campaign(settings.campaign_path)
    registry = load_registry(settings.sources_path, settings.secret, lenient=True)
    if any(problem.sender_id is None for problem in registry.problems):
        raise RegistryError(settings.sources_path, list(registry.problems))
    settings.pseudonym_key()
    return Deployment(settings, registry, campaign, tuple(calendar.periods(campaign)))


def choose_periods(deployment: Deployment, texts: Sequence[str], called: str = "--period") -> frozenset[date] | None:
    """The periods that `texts` name by their first day; None for none given. Raises UsageError; `called`: what the one
    who asks calls them."""
    begun = {period.key: period.start for period in calendar.begun(list(deployment.periods), deployment.settings.now())}
    if unknown := [text for text in texts if text not in begun]:
        raise UsageError(
            f"{called} {', '.join(unknown)}: no period begun by now has that first day; "
            f"there are {', '.join(begun) or 'none'}"
        )
    return frozenset(begun[text] for text in texts) or None


def choose_senders(deployment: Deployment, ids: Sequence[str], called: str = "--sender") -> frozenset[str] | None:
    """The senders that `ids` name; None for none given. Raises UsageError."""
    known = {sender.id for sender in deployment.registry.senders}
    known |= {problem.sender_id for problem in deployment.registry.problems if problem.sender_id}
    if unknown := [text for text in ids if text not in known]:
        raise UsageError(f"{called} {', '.join(unknown)}: not in the registry; {known_senders(deployment)}")
    return frozenset(ids) or None


def choose_feeds(names: Sequence[str], called: str = "--feed") -> frozenset[str] | None:
    """The feeds that `names` name; None for none given. Raises UsageError."""
    if unknown := [name for name in names if name not in FEEDS]:
        raise UsageError(f"{called} {', '.join(unknown)}: there is no such feed; there are {', '.join(FEEDS)}")
    return frozenset(names) or None


def choose_confirmed(hashes: Sequence[str], called: str = "--confirm") -> frozenset[str]:
    """The payload hashes that someone has looked at. Raises UsageError for what is no SHA-256."""
    if wrong := [text for text in hashes if not _SHA256.fullmatch(text)]:
        raise UsageError(
            f"{called} {', '.join(map(repr, wrong))}: a SHA-256 has 64 digits from 0 to f; the message that held has it"
        )
    return frozenset(text.lower() for text in hashes)


def known_senders(deployment: Deployment) -> str:
    """Whom the registry names, for a message."""
    ids = ", ".join(sender.id for sender in deployment.registry.senders)
    return f"{deployment.settings.sources_path.name} has {ids or 'none'}"


def pull_due(
    deployment: Deployment,
    reporter: Reporter,
    *,
    periods: Collection[date] | None = None,
    senders: Collection[str] | None = None,
    confirmed: Collection[str] = (),
    title: str = "pull",
    on_done: Callable[[FeedPull], None] | None = None,
) -> PullSummary:
    """Land the configuration, then what is due (or asked for) of every sender (or those named). Never raises for a
    sender's trouble; `confirmed` holds the payload hashes of shrunk snapshots that someone has looked at, of which
    those that no delivery has are told; `on_done` is called, in this thread, as each pull ends."""
    settings = deployment.settings
    ledger = read_ledger(settings.landing_dir)
    wrong_entries = _wrong_entries(deployment)
    if not wrong_entries or not ledger.entries(CONFIG_SENDER):
        # A typing error in one entry must not take a platform out of every total: while there is one, the registry
        # that was landed last stays in force.
        land_configuration(settings)
    tasks = plan_pulls(
        deployment.registry,
        list(deployment.periods),
        settings.now(),
        ledger,
        periods=periods,
        senders=senders,
        key_id=current_key_id(settings),
    )
    with reporter.step(title, len(tasks)) as step:
        for trouble in wrong_entries:
            step.say(f"  ! {trouble}")

        def tell(done: FeedPull) -> None:
            for trouble in done.troubles:
                if not trouble.is_consequence:
                    step.say(f"  ! {trouble}")
            step.advance(_task_name(done.task))
            if on_done is not None:
                on_done(done)

        pulls = pull(settings, deployment.registry, tasks, tell, confirmed=confirmed)
        for unused in _without_delivery(confirmed, tasks, ledger):
            step.say(f"  ! confirmed {unused}: nothing with this hash was delivered")
        done = summarise_pulls(pulls)
    return replace(done, troubles=(*wrong_entries, *done.troubles))


def _without_delivery(confirmed: Collection[str], tasks: Sequence[PullTask], ledger: Ledger) -> list[str]:
    """Those of the hashes that no payload which the tasks' senders ever had landed has, in order."""
    unused = set(confirmed)
    for sender_id in {task.sender.id for task in tasks} if unused else ():
        # A damaged ledger is its sender's trouble, told by its pulls.
        with suppress(LedgerDamagedError):
            unused -= {entry.payload_sha256 for entry in ledger.entries(sender_id)}
    return sorted(unused)


def _wrong_entries(deployment: Deployment) -> tuple[Trouble, ...]:
    name = deployment.settings.sources_path.name
    return tuple(
        Trouble(str(problem.sender_id), "registry", None, name, problem.key, problem.message)
        for problem in deployment.registry.problems
    )


def summarise_pulls(pulls: Sequence[FeedPull]) -> PullSummary:
    """Add up what single pulls did, troubles in the senders' order."""
    troubles = sorted(condense(trouble for done in pulls for trouble in done.troubles), key=_trouble_order)
    return PullSummary(
        tasks_count=len(pulls),
        batches_count=sum(entry.kind == "batch" for done in pulls for entry in done.entries),
        rows_count=sum(done.rows_count for done in pulls),
        quarantined_rows_count=sum(done.quarantined_rows_count for done in pulls),
        bytes_count=sum(done.bytes_count for done in pulls),
        troubles=tuple(troubles),
    )


@dataclass(frozen=True)
class ReplayReport:
    """What a replay of refused rows came to. `landed_count`: batches of which other rows are refused now."""

    batches_count: int
    landed_count: int
    freed_rows_count: int
    troubles: tuple[Trouble, ...]


def replay_step(
    deployment: Deployment,
    reporter: Reporter,
    *,
    senders: Collection[str] | None = None,
    feeds: Collection[str] | None = None,
) -> ReplayReport:
    """Take every batch with refused rows again (of `senders` and `feeds`, default all)."""
    settings = deployment.settings
    batches = batches_to_replay(read_ledger(settings.landing_dir), senders=senders, feeds=feeds)
    with reporter.step("replay", len(batches)) as step:

        def tell(done: Replay) -> None:
            if done.trouble:
                step.say(f"  ! {done.trouble}")
            step.advance(done.batch.batch_id)

        replays = replay(settings, deployment.registry, senders=senders, feeds=feeds, on_done=tell)
    return ReplayReport(
        batches_count=len(replays),
        landed_count=sum(done.entry is not None for done in replays),
        freed_rows_count=sum(done.freed_rows_count for done in replays),
        troubles=tuple(done.trouble for done in replays if done.trouble),
    )


def load_step(settings: Settings, reporter: Reporter) -> LoadReport:
    """Load the batches that the warehouse has not seen."""
    with reporter.step("load"):
        return load(settings)


def transform_step(settings: Settings, reporter: Reporter, *, full_refresh: bool = False) -> TransformReport:
    """Seed, build and test every model."""
    with reporter.step("transform") as step:

        def tell(event: NodeEvent) -> None:
            step.of(event.total)
            step.advance(event.name)

        return transform(settings, full_refresh=full_refresh, on_event=tell)


def check_publishable(settings: Settings) -> None:
    """Raises PublishError where the marts are not those of a transformation that went through."""
    last = last_report(settings)
    if last is None:
        raise PublishError("nothing to publish: no transformation has gone through yet (`warehouse transform`)")
    if not last.is_ok:
        raise PublishError(
            f"not published: the last transformation had errors ({first_error(last)}); mend them and run "
            "`warehouse transform`"
        )
    if unsettled := read_unsettled(target_dir(settings)):
        raise PublishError(f"not published: {unsettled}; run `warehouse transform` as a whole")


def publish_step(settings: Settings, reporter: Reporter) -> PublishReport:
    """Swap in a new published copy. Raises PublishError where the marts are not those of one whole transformation."""
    check_publishable(settings)
    # A pull does without what a publication needs.
    from orchestration.publishing.publish import publish

    with reporter.step("publish"):
        return publish(settings)


def build(
    deployment: Deployment,
    reporter: Reporter = SilentReporter(),  # noqa: B008 - it holds nothing
    *,
    periods: Collection[date] | None = None,
    senders: Collection[str] | None = None,
    full_refresh: bool = False,
    confirmed: Collection[str] = (),
) -> BuildReport:
    """Pull, land, load, transform, publish. Doing it again lands nothing new and publishes the same numbers.

    The publication is withheld when any model failed or any test of severity `error` did; readers keep the last one.
    """
    settings = deployment.settings
    pulled = pull_due(deployment, reporter, periods=periods, senders=senders, confirmed=confirmed)
    loaded = load_step(settings, reporter)
    transformed = transform_step(settings, reporter, full_refresh=full_refresh)
    publication = publish_step(settings, reporter) if transformed.is_ok else None
    return BuildReport(pulled, loaded, transformed, _standing(settings), publication)


def _standing(settings: Settings) -> Standing | None:
    with open_for_reading(settings) as connection:
        try:
            return read_standing(connection)
        except duckdb.CatalogException:
            # The marts are not there: the transformation failed above them, which the report says already.
            return None


def _task_name(task: PullTask) -> str:
    return " ".join(filter(None, (task.sender.id, task.feed, task.period.key if task.period else None)))


def _trouble_order(trouble: Trouble) -> tuple[str, str, str, str]:
    return trouble.sender_id, trouble.feed, trouble.period_start or "", trouble.source_name
