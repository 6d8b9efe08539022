"""A what-if that fails blames the rules only where they can be to blame."""

from __future__ import annotations

from orchestration.transforming.results import NodeFailure, TestOutcome, TransformReport
from orchestration.what_if.build import explained


def test_a_column_that_is_not_there_is_no_fault_of_the_rules():
    message = 'Runtime Error in model fct_x Binder Error: Referenced column "y" not found in FROM clause!'
    text = explained("edited.csv", TransformReport(failures=(NodeFailure("fct_x", message),)))
    assert "run `warehouse transform` first" in text and "fct_x" in text and "edited.csv" not in text


def test_a_test_that_fails_is():
    failed = TestOutcome("accepted_values_scheme", 3, "")
    text = explained("edited.csv", TransformReport(tests_failed=(failed,)))
    assert text == "edited.csv: the models don't hold with these rules: accepted_values_scheme: 3 rows"
