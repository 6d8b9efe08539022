"""The steps of the project as a benchmark calls them: python -m benchmarks.steps STEP [ARGUMENT].

Each is the function that `warehouse` calls, without its summary.
"""

from __future__ import annotations

import sys
from datetime import datetime

from orchestration.lasting import imports_that_last
from orchestration.settings import Settings

# What transform.sql makes by hand, and what it is made of.
BY_HAND_MODELS = "+fct_study_interval +fct_learning_day +fct_certificate +registration_progress +registration_daily"


def main(step: str, argument: str | None = None) -> None:
    """Run one step. Each imports what it needs and no more, and keeps it to the end as the command line does."""
    settings = Settings.from_environment()
    if step == "pull":
        _pull(settings, argument)
    elif step == "load":
        with imports_that_last():
            from orchestration.loading.load import load

        load(settings, datetime.fromisoformat(argument) if argument else None)
    elif step in ("transform", "transform-part"):
        with imports_that_last():
            from orchestration.transforming.dbt import transform

        done = transform(settings, select=BY_HAND_MODELS if step == "transform-part" else None)
        if not done.is_ok:
            sys.exit(f"{done.failures} {done.messages}")
    elif step == "run":
        for part in ("load", "transform", "publish"):
            main(part)
    elif step == "publish":
        with imports_that_last():
            from orchestration.publishing.publish import publish

        publish(settings)
    else:
        sys.exit(f"no step {step}")


def _pull(settings: Settings, period: str | None) -> None:
    with imports_that_last():
        from orchestration import pipeline
        from orchestration.reporting.progress import SilentReporter

    deployment = pipeline.prepare(settings)
    periods = pipeline.choose_periods(deployment, [period] if period else ())
    report = pipeline.pull_due(deployment, SilentReporter(), periods=periods)
    if report.troubles or report.quarantined_rows_count:
        sys.exit(f"{report.quarantined_rows_count} rows refused; {report.troubles[:3]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
