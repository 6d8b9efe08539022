"""The steps of the project as a benchmark calls them: python -m benchmarks.steps STEP [ARGUMENT].

Each is the function that `warehouse` calls, without its summary.
"""

from __future__ import annotations

import sys
from datetime import datetime
from importlib import import_module

from orchestration.lasting import imports_that_last
from orchestration.settings import Settings

# A step is measured with its process's start, so each imports what it needs and no more.
_MODULE_OF = {
    "pull": "orchestration.pipeline",
    "load": "orchestration.loading.load",
    "transform": "orchestration.transforming.dbt",
    "transform-part": "orchestration.transforming.dbt",
    "publish": "orchestration.publishing.publish",
}
# One process for all three
_WHOLE = ("load", "transform", "publish")

# What transform.sql makes by hand, and what it is made of.
BY_HAND_MODELS = "+fct_study_interval +fct_learning_day +fct_certificate +registration_progress +registration_daily"


def main(step: str, argument: str | None = None) -> None:
    """Run one step, or `run`: load, transform and publish in one process. It starts as the command line does."""
    parts = _WHOLE if step == "run" else (step,)
    with imports_that_last():
        for part in parts:
            import_module(_MODULE_OF[part])
    settings = Settings.from_environment()
    for part in parts:
        _run(part, settings, argument)


def _run(step: str, settings: Settings, argument: str | None) -> None:
    if step == "pull":
        _pull(settings, argument)
    elif step == "load":
        from orchestration.loading.load import load

        load(settings, datetime.fromisoformat(argument) if argument else None)
    elif step in ("transform", "transform-part"):
        from orchestration.transforming.dbt import transform

        done = transform(settings, select=BY_HAND_MODELS if step == "transform-part" else None)
        if not done.is_ok:
            sys.exit(f"{done.failures} {done.messages}")
    else:
        from orchestration.publishing.publish import publish

        publish(settings)


def _pull(settings: Settings, period: str | None) -> None:
    from orchestration import pipeline
    from orchestration.reporting.progress import SilentReporter

    deployment = pipeline.prepare(settings)
    periods = pipeline.choose_periods(deployment, [period] if period else ())
    report = pipeline.pull_due(deployment, SilentReporter(), periods=periods)
    if report.troubles or report.quarantined_rows_count:
        sys.exit(f"{report.quarantined_rows_count} rows refused; {report.troubles[:3]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
