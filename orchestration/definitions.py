"""Dagster's definitions, assembled: `dagster dev` finds `defs` here (pyproject.toml, [tool.dagster]).

senders → landing/<feed> (period × sender) → raw/<feed> → dbt's models → published/marts
"""

from __future__ import annotations

import gc
from functools import cache

from dagster import Definitions, definitions, in_process_executor

from orchestration.assets.flow import CONFIGURATION_KEY, PERIODS_KEY, PUBLISHED_KEY
from orchestration.assets.landing import configuration_asset, landing_assets
from orchestration.assets.models import model_assets
from orchestration.assets.periods import periods_asset, periods_check
from orchestration.assets.published import published_asset
from orchestration.assets.raw import raw_assets
from orchestration.assets.senders import sender_specs
from orchestration.checks.quarantine import quarantine_check
from orchestration.checks.timeliness import timeliness_checks
from orchestration.jobs import build_job, landing_job
from orchestration.launchpad import landing_jobs, rebuild_job
from orchestration.partitions import read_roster
from orchestration.resources import Warehouse
from orchestration.schedules import due_schedule
from orchestration.sensors.alerts import alert_sensors
from orchestration.sensors.inboxes import inbox_sensor
from orchestration.sensors.marts import marts_sensor
from orchestration.sensors.partitions import partitions_sensor
from orchestration.settings import Settings
from orchestration.sources.feeds import SenderKind


@definitions
def defs() -> Definitions:
    """What `dagster dev` loads: the deployment that the environment describes."""
    return _of_this_process()


@cache
def _of_this_process() -> Definitions:
    """Dagster asks several times for one run; what has changed since is seen by the process that a reload starts."""
    found = build_definitions()
    # They stay as long as the process: looking for garbage among them, over and over, takes seconds of a run.
    gc.freeze()
    return found


def build_definitions(settings: Settings | None = None, warehouse: Warehouse | None = None) -> Definitions:
    """Everything Dagster shows. `settings` default to the environment's; `warehouse` swaps single steps, for tests.

    Loads without a registry (no senders, and the reason in their description). Raises CampaignError, ManifestError.
    """
    warehouse = warehouse or Warehouse(settings or Settings.from_environment())
    roster = read_roster(warehouse.settings)
    raw, models = raw_assets(), model_assets(warehouse.settings)
    marts = [key for key in models.keys if key.path[0] == "marts"]
    built = [CONFIGURATION_KEY, *raw.keys, *models.keys, PUBLISHED_KEY, PERIODS_KEY]
    return Definitions(
        assets=[
            *sender_specs(roster),
            *landing_assets(roster),
            configuration_asset(),
            raw,
            models,
            published_asset(marts, roster.campaign),
            periods_asset(roster),
        ],
        asset_checks=[timeliness_checks(), quarantine_check(), periods_check()],
        jobs=[
            *(landing_job(kind) for kind in SenderKind),
            build_job(built),
            *landing_jobs(),
            rebuild_job(built),
        ],
        schedules=[due_schedule(kind, roster, warehouse) for kind in SenderKind],
        sensors=[
            marts_sensor(warehouse),
            partitions_sensor(roster, warehouse),
            *alert_sensors(roster, warehouse),
            *(inbox_sensor(kind, roster, warehouse) for kind in SenderKind),
        ],
        resources={"warehouse": warehouse},
        # A process for each step costs more than most steps do: 111 s against 35 s for the same small run.
        executor=in_process_executor,
    )
