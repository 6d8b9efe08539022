"""dbt's unit tests, all on the compiled models; in tests/pipeline dbt runs some of them itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.compiled_project import CompiledProject
from support.core_sql import Compiled, compiled_rules_of
from support.unit_tests import UnitTest, expected_rows, found_rows, give


@pytest.fixture(scope="module")
def compiled(compiled_project: CompiledProject) -> Compiled:
    return compiled_rules_of(compiled_project)


def difference(project: CompiledProject, compiled: Compiled, test: UnitTest) -> str | None:
    """What is wrong, in words; None where the model answers what is expected."""
    connection, model = compiled.connection, project.models[test.model]
    compiled.start_anew()
    give(connection, test)
    expected, found = expected_rows(connection, test, model.place), found_rows(connection, test, str(model.sql))
    return None if found == expected else f"expected {expected}, found {found}"


def test_every_unit_test_of_the_project_passes(compiled_project: CompiledProject, compiled: Compiled) -> None:
    wrong = {
        f"{test.model}: {test.name}": told
        for test in compiled.unit_tests
        if (told := difference(compiled_project, compiled, test))
    }
    assert wrong == {}
    assert len(compiled.unit_tests) >= 150, "fewer unit tests than there were"


@pytest.mark.parametrize("model", ["stg_registrations", "fct_registration", "registration_progress"])
def test_a_row_too_many_and_another_value_are_seen(
    compiled_project: CompiledProject, compiled: Compiled, model: str
) -> None:
    test = next(test for test in compiled.unit_tests if test.model == model and len(test.expected) > 1)
    fewer, twice = test.expected[1:], [test.expected[0], *test.expected[:-1]]
    for expected in (fewer, twice):
        assert difference(compiled_project, compiled, replace(test, expected=expected))
