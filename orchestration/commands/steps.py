"""`warehouse build`, and its steps alone: `pull`, `load`, `transform`, `publish`."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration import pipeline
from orchestration.commands.terminal import TROUBLE, JsonOption, answer, told
from orchestration.reporting import summary
from orchestration.reporting.progress import reporter_for
from orchestration.settings import Settings

PeriodOption = Annotated[
    list[str] | None,
    typer.Option(
        "--period",
        metavar="P",
        help="Pull this period (its first day, 2020-03-23), again if need be; may be repeated. Default: what is due.",
    ),
]
SenderOption = Annotated[
    list[str] | None,
    typer.Option("--sender", metavar="ID", help="Ask this sender only; may be repeated."),
]
ConfirmOption = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        metavar="SHA256",
        help="Take the shrunk snapshot with this hash (the message that held it names it); may be repeated.",
    ),
]
FullRefreshOption = Annotated[
    bool, typer.Option("--full-refresh", help="Build every table anew instead of only what newly loaded batches touch.")
]


def build(
    period: PeriodOption = None,
    sender: SenderOption = None,
    full_refresh: FullRefreshOption = False,
    confirm: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pull what is due, land, load, run dbt with its tests, publish, and say what happened.

    Exit code 1 when a sender failed or the publication was withheld. Late filings and quarantined rows are reported and
    leave it at 0.
    """
    with told(as_json=as_json):
        deployment = pipeline.prepare(Settings.from_environment())
        report = pipeline.build(
            deployment,
            reporter_for(),
            periods=pipeline.choose_periods(deployment, period or ()),
            senders=pipeline.choose_senders(deployment, sender or ()),
            full_refresh=full_refresh,
            confirmed=pipeline.choose_confirmed(confirm or ()),
        )
        answer(report, summary.render_build, as_json=as_json, exit_code=report.exit_code)


def pull(
    period: PeriodOption = None,
    sender: SenderOption = None,
    confirm: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the senders for what is due and land it. Needs no database; may run beside anything else."""
    with told(as_json=as_json):
        deployment = pipeline.prepare(Settings.from_environment())
        report = pipeline.pull_due(
            deployment,
            reporter_for(),
            periods=pipeline.choose_periods(deployment, period or ()),
            senders=pipeline.choose_senders(deployment, sender or ()),
            confirmed=pipeline.choose_confirmed(confirm or ()),
        )
        answer(report, summary.render_pull, as_json=as_json, exit_code=TROUBLE if report.troubles else 0)


def load(as_json: JsonOption = False) -> None:
    """Load the landed batches that the warehouse has not seen yet, all in one transaction."""
    with told(as_json=as_json):
        report = pipeline.load_step(Settings.from_environment(), reporter_for())
        answer(report, summary.render_load, as_json=as_json, exit_code=TROUBLE if report.problems else 0)


def transform(full_refresh: FullRefreshOption = False, as_json: JsonOption = False) -> None:
    """Seed, build and test every model with dbt. Failing tests are named with their number of rows; exit code 1."""
    with told(as_json=as_json):
        report = pipeline.transform_step(Settings.from_environment(), reporter_for(), full_refresh=full_refresh)
        answer(report, summary.render_transform, as_json=as_json, exit_code=0 if report.is_ok else TROUBLE)


def publish(as_json: JsonOption = False) -> None:
    """Publish the marts as they are now.

    Refused after a transformation that had errors: readers keep the last good copy.
    """
    with told(as_json=as_json):
        settings = Settings.from_environment()
        report = pipeline.publish_step(settings, reporter_for())
        answer(report, summary.render_publication, as_json=as_json)
