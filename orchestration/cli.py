"""`warehouse`: the command line. Thin: each command calls the function that a Dagster asset calls.

__main__.py starts it.
"""

from __future__ import annotations

import typer

from orchestration.commands import (
    dispatch,
    erase,
    inspect,
    known_at,
    period,
    quarantine,
    report,
    sandbox,
    steps,
    trace,
    what_if,
)

app = typer.Typer(
    name="warehouse",
    help="The warehouse of the Hundred-Day online skills-training action, from senders to a published copy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # rich tracebacks print local variables, and those may hold a sender's rows
)
for command in (steps.build, steps.pull, steps.load, steps.transform, steps.publish, inspect.status, inspect.verify):
    app.command()(command)
app.command()(dispatch.dispatch)
app.command()(report.report)
app.command()(known_at.known_at)
app.command()(trace.trace)
app.command()(erase.erase)
app.command(name="what-if")(what_if.what_if)
app.add_typer(period.app, name="period")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(sandbox.app, name="sandbox")
