"""Dagster's processes do without dbt's own modules, and still know every state that dbt may tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

LOADED = "import json, sys; print(json.dumps(sorted(name for name in sys.modules if name.split('.')[0] == 'dbt')))"


def told(settings, program: str) -> object:
    """What a program prints as JSON, in a process of its own."""
    environment = {**os.environ, **settings.environment}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_definitions_load_without_dbt(settings):
    assert told(settings, f"import orchestration.definitions; {LOADED}") == []


def test_dbt_can_be_loaded_afterwards_and_may_have_been_before(settings):
    program = "import orchestration.assets.dbt_library; import dbt.version; " + LOADED
    assert "dbt.version" in told(settings, program)
    program = "import dbt.version; import orchestration.assets.dbt_library; " + LOADED
    assert "dbt.version" in told(settings, program)


@pytest.mark.parametrize(
    ("names", "of_dbt"),
    [
        ("compat.NodeStatus", "dbt.contracts.results.NodeStatus"),
        ("compat.TestStatus", "dbt.contracts.results.TestStatus"),
        ("compat.REFABLE_NODE_TYPES", "dbt.node_types.REFABLE_NODE_TYPES"),
    ],
)
def test_every_name_that_dbt_has_is_known_without_it(settings, names, of_dbt):
    program = (
        "import json; import orchestration.assets.dbt_library; from dagster_dbt import compat; "
        "import dbt.contracts.results, dbt.node_types; "
        f"known, own = ({{str(name) for name in each}} for each in ({names}, {of_dbt})); "
        "print(json.dumps([len(own), sorted(own - known), compat.DBT_PYTHON_VERSION is None]))"
    )
    count, unknown, is_without = told(settings, program)
    assert count > 2
    assert (unknown, is_without) == ([], True)
