"""One command of dbt in this process.

It is dbt, but for two things: the project, parsed already (manifest.py), is handed to it instead of being parsed for
this warehouse alone, and events that no log keeps are passed over (events.py). Exit codes are dbt's: 0 all well, 1 a
node failed, 2 dbt could not do its work.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dbt.cli.exceptions import DbtUsageException
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.event_manager_client import ctx_set_event_manager

from orchestration.settings import Settings
from orchestration.transforming.events import WantedEvents
from orchestration.transforming.manifest import load_manifest
from orchestration.transforming.parsed import ManifestError


def run(arguments: Sequence[str]) -> int:
    """Run a command of dbt on the warehouse that the environment names; returns dbt's exit code."""
    manifest = None if "parse" in arguments else _manifest(Settings.from_environment())
    ctx_set_event_manager(WantedEvents())
    outcome = dbtRunner(manifest=manifest).invoke(list(arguments))
    if isinstance(outcome.exception, DbtUsageException):  # the one error that dbt leaves to its caller to tell
        sys.stderr.write(f"{outcome.exception}\n")
    if outcome.exception is not None:
        return 2
    return 0 if outcome.success else 1


def _manifest(settings: Settings) -> Manifest | None:
    """The parsed project; None where it does not parse, so that dbt tries itself and says why in its own log."""
    try:
        return load_manifest(settings)
    except ManifestError:
        return None
