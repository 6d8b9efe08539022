"""How the tests are spread over processes (`make test` starts as many as there are cores): what shares a built
warehouse stays together, everything else goes module by module, in the order of the folders. What is dear to make and
changed by no test is made once for all processes."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from support.compiled_project import CompiledProject, compile_project, compiled_in
from support.once import once_a_run
from xdist.scheduler import LoadScopeScheduling

# Modules that read the same session fixture, which each process would build anew.
SHARED = {
    "built": (
        "test_dashboard_metrics",
        "test_dashboards",
        "test_failures",
        "test_first_build",
        "test_no_personal_data",
        "test_metrics",
        "test_period_report",
        "test_published_differences",
        "test_questions",
        "test_supervision_scenarios",
        "test_trace",
        "test_truth",
        "test_what_if",
    ),
    "few_built": (
        "test_catalogue",
        "test_catalogue_page",
        "test_dbt_unit_tests",
        "test_killed",
        "test_withheld",
    ),
}
GROUP_OF = {module: group for group, modules in SHARED.items() for module in modules}


class ByWarehouse(LoadScopeScheduling):
    """One scope for each group of modules (`--dist loadgroup` of this version of xdist does not see its marks)."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return GROUP_OF.get(PurePosixPath(path).stem, path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return ByWarehouse(config, log)


@pytest.fixture(scope="session")
def compiled_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Every model's SQL, by one run of dbt."""
    return compiled_in(once_a_run(tmp_path_factory, "compiled_project", compile_project))
