"""What every command shares: `--json`, exit codes, and how trouble is told.

Standard output holds the answer (text, or one JSON object with `--json`); progress and trouble go to standard error.
Exit codes: 0 done, 1 data or sender trouble that was reported, 2 wrong use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from orchestration.campaign import CampaignError
from orchestration.closing.errors import ClosingError
from orchestration.landing.errors import LandingError
from orchestration.loading.database import LoadingError
from orchestration.pipeline import UsageError
from orchestration.publishing.errors import PublishError
from orchestration.reporting.period_report import PrinterMissingError
from orchestration.reporting.status import NothingPublishedError
from orchestration.reporting.trace import UnknownPersonError
from orchestration.sandbox.errors import FaultError, SandboxError
from orchestration.settings import SettingsError
from orchestration.sources.registry.senders import RegistryError
from orchestration.transforming.dbt import TransformError
from orchestration.what_if.rules_file import RulesFileError

TROUBLE, WRONG_USE = 1, 2

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for machines.")]

_WRONG_USE = (SettingsError, UsageError, FaultError, RulesFileError)
_TROUBLE = (
    RegistryError,
    CampaignError,
    LandingError,
    LoadingError,
    TransformError,
    PublishError,
    ClosingError,
    SandboxError,
    NothingPublishedError,
    UnknownPersonError,
    PrinterMissingError,
)


def answer(report: Any, render: Callable[[Console, Any], None], *, as_json: bool, exit_code: int = 0) -> None:
    """Print `report` (a dataclass) as JSON beside the exit code, or let `render` write it for a person; then end with
    that code."""
    if as_json:
        fields = {name: getattr(report, name) for name in report.__dataclass_fields__}
        sys.stdout.write(to_json({"exit_code": exit_code} | fields))
    else:
        render(console(), report)
    raise typer.Exit(exit_code)


def console() -> Console:
    """Standard output. Where it is no terminal lines are not wrapped, so that they can be searched."""
    is_terminal = sys.stdout.isatty()
    return Console(file=sys.stdout, soft_wrap=not is_terminal, highlight=False, width=None if is_terminal else 160)


def to_json(report: Any) -> str:
    """One JSON object, with a newline at its end; dates as ISO 8601, paths and all else as text."""
    return orjson.dumps(report, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


@contextmanager
def told(*, as_json: bool) -> Iterator[None]:
    """Turn the project's own errors into lines on standard error and an exit code. Anything else is a defect: it keeps
    its traceback."""
    try:
        yield
    except _WRONG_USE as error:
        _tell(error, WRONG_USE, as_json=as_json)
    except _TROUBLE as error:
        _tell(error, TROUBLE, as_json=as_json)


def _tell(error: Exception, code: int, *, as_json: bool) -> None:
    lines = str(error).splitlines() or [type(error).__name__]
    for line in lines:
        sys.stderr.write(f"warehouse: {line}\n")
    if as_json:
        sys.stdout.write(to_json({"exit_code": code, "errors": lines}))
    raise typer.Exit(code) from None
