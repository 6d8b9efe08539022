"""What the assets work with: the settings and the very functions that the `warehouse` command calls.

One object, so that a test can put a fake sender, loader or publication in the place of a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from orchestration.calendar import Period
from orchestration.landing.configuration import land_configuration
from orchestration.landing.ledger import Ledger, LedgerEntry
from orchestration.landing.pull import FeedPull, PullTask, plan_pulls, pull
from orchestration.landing.taking import current_key_id
from orchestration.loading.load import LoadReport, load
from orchestration.publishing.building import PublishReport
from orchestration.publishing.publish import publish
from orchestration.settings import Settings
from orchestration.sources.registry.senders import Registry

PlanPulls = Callable[..., list[PullTask]]
Pull = Callable[..., list[FeedPull]]

# Whatever opens warehouse.duckdb for writing runs in this pool; the template of dagster.yaml gives every pool one slot.
WRITER_POOL = "warehouse_writer"


@dataclass(frozen=True)
class Warehouse:
    """The settings of this deployment and the steps of the flow."""

    settings: Settings
    plan_pulls: PlanPulls = field(default=plan_pulls, repr=False)
    pull: Pull = field(default=pull, repr=False)
    land_configuration: Callable[[Settings], LedgerEntry | None] = field(default=land_configuration, repr=False)
    load: Callable[[Settings], LoadReport] = field(default=load, repr=False)
    publish: Callable[[Settings], PublishReport] = field(default=publish, repr=False)

    def plan(
        self,
        registry: Registry,
        periods: Sequence[Period],
        ledger: Ledger,
        *,
        now: datetime | None = None,
        only_periods: Collection[date] | None = None,
        only_senders: Collection[str] | None = None,
    ) -> list[PullTask]:
        """The pulls that are due at `now`; with `only_periods` those periods, pulled before or not."""
        return self.plan_pulls(
            registry,
            list(periods),
            now or self.settings.now(),
            ledger,
            periods=only_periods,
            senders=only_senders,
            key_id=current_key_id(self.settings),
        )
