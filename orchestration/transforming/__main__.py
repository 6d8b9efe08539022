"""`python -m orchestration.transforming parse`: any dbt command, on this deployment's warehouse and paths."""

from __future__ import annotations

import sys

from orchestration.settings import Settings
from orchestration.transforming.dbt import run_dbt

if __name__ == "__main__":
    sys.exit(run_dbt(Settings.from_environment(), sys.argv[1:]))
