"""Dagster's processes do without dbt's own modules, and still know every state that dbt may tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

LIBRARY = "import orchestration.assets.dbt_library"
IS_LOADED = "import json, sys; print(json.dumps(sorted(name for name in sys.modules if name.split('.')[0] == 'dbt')))"
# Of each list of names: those of dbt, and those of them that dagster-dbt does not know without it.
NAMES = """
import json
from dagster_dbt import compat
import dbt.contracts.results as results, dbt.node_types as node_types
pairs = [
    (compat.NodeStatus, results.NodeStatus),
    (compat.TestStatus, results.TestStatus),
    (compat.REFABLE_NODE_TYPES, node_types.REFABLE_NODE_TYPES),
]
told = [({str(name) for name in known}, {str(name) for name in own}) for known, own in pairs]
print(json.dumps([[compat.DBT_PYTHON_VERSION is None, len(own), sorted(own - known)] for known, own in told]))
"""


def told(settings, program: str) -> Any:
    """What a program prints as JSON, in a process of its own."""
    environment = {**os.environ, **settings.environment}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_definitions_load_without_dbt(settings):
    assert told(settings, f"import orchestration.definitions; {IS_LOADED}") == []


def test_dbt_may_have_been_loaded_before(settings):
    assert "dbt.version" in told(settings, f"import dbt.version; {LIBRARY}; {IS_LOADED}")


def test_dbt_can_be_loaded_afterwards_and_every_name_that_it_has_was_known_without_it(settings):
    for is_without, count, unknown in told(settings, f"{LIBRARY}\n{NAMES}"):
        assert is_without
        assert count > 2
        assert unknown == []
