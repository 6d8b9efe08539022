"""dagster-dbt, loaded without dbt.

By itself dagster-dbt loads dbt too, and takes three times as long to load: only for the names of dbt's states and kinds
of nodes, since dbt runs as a process of its own. It has these names itself for where dbt is not installed, and here it
is told so. Each of Dagster's processes (webserver, daemon, code server, every run) starts two seconds sooner.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _as_if_not_installed(module: str) -> Iterator[None]:
    """Let imports of `module` fail, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    # What Python itself says to do to that end.
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


with _as_if_not_installed("dbt.version"):
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliInvocation, DbtProject, dbt_assets
    from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context

__all__ = [
    "DagsterDbtTranslator",
    "DagsterDbtTranslatorSettings",
    "DbtCliInvocation",
    "DbtProject",
    "dbt_assets",
    "get_updated_cli_invocation_params_for_context",
]
