"""Each parameter of each supervision rule decides something: changed, some unit test of its rule ends otherwise.

dbt sees that the unit tests hold as they are (tests/unit/dbt); here their given parameters are changed one by one.
"""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from support.core_sql import Compiled, outcome

from orchestration.settings import PROJECT_ROOT

MODELS = {path.stem for path in (PROJECT_ROOT / "dbt_project" / "models" / "core" / "supervision").glob("*.sql")}
# Tests of reports stand in the same seed; reporting_anomaly's own unit tests look at those.
with (PROJECT_ROOT / "seeds" / "supervision_rules.csv").open(encoding="utf-8", newline="") as file:
    SEED = [
        (row["rule_id"], row["parameter"]) for row in csv.DictReader(file) if f"fct_signal_{row['rule_id']}" in MODELS
    ]
# A rule switched off, a limit well below and one well above
CHANGES = (lambda value: Decimal(0), lambda value: value / 4, lambda value: value * 4 + 1)


@pytest.mark.parametrize(("rule", "parameter"), SEED)
def test_a_changed_parameter_fails_an_expectation(compiled_rules: Compiled, rule: str, parameter: str) -> None:
    tests = [test for test in compiled_rules.unit_tests if test.model == f"fct_signal_{rule}"]

    def changed(change):
        def of(table, row):
            if table == "dim_supervision_rule" and (row["rule_id"], row["parameter"]) == (rule, parameter):
                return row | {"value": change(Decimal(str(row["value"])))}
            return row

        return of

    assert any(
        outcome(compiled_rules, test, changed(change)) != as_it_is
        for test in tests
        for as_it_is in [outcome(compiled_rules, test)]
        for change in CHANGES
    ), f"no unit test of {rule} looks at {parameter}"
