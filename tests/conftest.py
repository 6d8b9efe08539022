"""How the tests are spread over processes (`make test` starts two): what shares a built warehouse stays together."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Modules that read the same session fixture, which each process would build anew.
SHARED = {
    "built": ("test_build_again", "test_failures", "test_no_personal_data", "test_truth"),
    "few_built": ("test_catalogue", "test_killed", "test_withheld"),
    "ui": ("test_dagster_ui",),
}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    group_of = {module: group for group, modules in SHARED.items() for module in modules}
    for item in items:
        path = Path(str(item.path))
        group = group_of.get(path.stem, path.relative_to(TESTS).as_posix())
        item.add_marker(pytest.mark.xdist_group(group))
