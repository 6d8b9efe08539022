"""The marts as they were known at a moment, beside the ones of today.

    landing, entries received by TIME → a scratch warehouse (registry, campaign and seeds of then, TIME as the clock)
    → dbt → published/marts-known-<YYYYMMDDTHHMMZ>.duckdb

Landing never changes, so any past moment can be built again; the models are today's. marts.duckdb and its readers are
left alone. Run alone: `warehouse known-at 2020-05-08T18:00:00+08:00`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from orchestration.known_at.configuration import write_seeds
from orchestration.known_at.publication import publish_as_known
from orchestration.landing.ledger import read_ledger
from orchestration.loading.database import LoadingError
from orchestration.loading.load import LoadReport, load
from orchestration.pipeline import UsageError, transform_step
from orchestration.publishing.building import PublishReport
from orchestration.publishing.errors import PublishError
from orchestration.reporting.progress import Reporter, SilentReporter
from orchestration.scratch import scratch_folder
from orchestration.settings import SHANGHAI, Settings
from orchestration.transforming.results import first_error

NAME = "known-at"


@dataclass(frozen=True)
class KnownAtReport:
    """What was built. `seeds_of_today`: seed files that had not been landed by then, so that today's stood in."""

    known_at: datetime
    load: LoadReport
    publication: PublishReport
    seeds_of_today: tuple[str, ...] = ()


def known_at(
    settings: Settings,
    moment: datetime,
    reporter: Reporter = SilentReporter(),  # noqa: B008 - it holds nothing
) -> KnownAtReport:
    """Build and publish the marts of `moment` (with offset).

    Raises UsageError for a moment to come, or before anything had been received; LoadingError where nothing has been
    landed at all; LoadingError, TransformError and PublishError as a build does, with nothing published.
    """
    moment = moment.astimezone(SHANGHAI)
    _check(settings, moment)
    with scratch_folder(settings, NAME) as directory:
        then, loaded, seeds_of_today = rebuild(settings, moment, directory, reporter)
        with reporter.step("publish"):
            publication = publish_as_known(settings, then, publication_name(moment))
    return KnownAtReport(moment, loaded, publication, seeds_of_today)


def rebuild(
    settings: Settings, moment: datetime, directory: Path, reporter: Reporter
) -> tuple[Settings, LoadReport, tuple[str, ...]]:
    """Build the whole warehouse of `moment` in an empty folder: its settings, what was loaded, and the seeds that are
    today's. Raises LoadingError, TransformError, PublishError."""
    then = replace(settings, warehouse_dir=directory, seeds_dir=directory / "seeds", fixed_now=moment)
    # Landed files never change: the scratch warehouse reads the very same ones.
    then.landing_dir.symlink_to(settings.landing_dir)
    seeds_of_today = write_seeds(settings, moment, then.seeds_dir)
    with reporter.step("load"):
        loaded = load(then, received_by=moment)
    transformed = transform_step(then, reporter)
    if not transformed.is_ok:
        raise PublishError(f"nothing was published: the transformation had errors ({first_error(transformed)})")
    return then, loaded, seeds_of_today


def publication_name(moment: datetime) -> str:
    """`known-20200508T1000Z`: the moment in UTC, to the minute."""
    return f"known-{moment.astimezone(UTC):%Y%m%dT%H%MZ}"


def _check(settings: Settings, moment: datetime) -> None:
    if moment > settings.now():
        raise UsageError(f"{moment.isoformat()}: still to come; it is {settings.now().isoformat()} by the clock")
    entries = read_ledger(settings.landing_dir).entries("_config")
    if not entries:
        raise LoadingError("nothing has been landed yet; run `warehouse build`")
    first = min(datetime.fromisoformat(entry.received_at) for entry in entries)
    if moment < first:
        raise UsageError(
            f"{moment.isoformat()}: nothing had been received by then; the first registry and campaign were landed at "
            f"{first.isoformat()}"
        )
