"""The steps of the project as a benchmark calls them: python -m benchmarks.steps STEP [ARGUMENT].

Each is the function that `warehouse` calls, without its summary.
"""

from __future__ import annotations

import sys
from datetime import datetime

import duckdb

from benchmarks.generator.world import KEY, NOW
from orchestration import pipeline
from orchestration.loading.load import load
from orchestration.publishing.publish import publish
from orchestration.reporting.progress import SilentReporter
from orchestration.settings import Settings
from orchestration.sources.identity import Pseudonymiser, create_identities
from orchestration.transforming.dbt import transform

# What transform.sql makes by hand, and what it is made of.
BY_HAND_MODELS = "+fct_study_interval +fct_learning_day +fct_certificate +registration_progress +registration_daily"


def main(step: str, argument: str | None = None) -> None:
    settings = Settings.from_environment()
    if step == "pull":
        deployment = pipeline.prepare(settings)
        periods = pipeline.choose_periods(deployment, [argument] if argument else ())
        report = pipeline.pull_due(deployment, SilentReporter(), periods=periods)
        if report.troubles or report.quarantined_rows_count:
            sys.exit(f"{report.quarantined_rows_count} rows refused; {report.troubles[:3]}")
    elif step == "load":
        load(settings, datetime.fromisoformat(argument) if argument else None)
    elif step in ("transform", "transform-part"):
        done = transform(settings, select=BY_HAND_MODELS if step == "transform-part" else None)
        if not done.is_ok:
            sys.exit(f"{done.failures} {done.messages}")
    elif step == "publish":
        publish(settings)
    elif step == "pseudonyms":
        _pseudonyms(str(argument))
    else:
        sys.exit(f"no step {step}")


def _pseudonyms(world_path: str) -> None:
    with duckdb.connect(world_path, read_only=True) as connection:
        create_identities(
            connection,
            "found",
            "select distinct id_type, id_number from person",
            NOW.date(),
            Pseudonymiser.of(KEY),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
