"""A policy's amounts, days and thresholds are rows with their document, never numbers in SQL or Python.

Looks for every distinctive value of the seeds and of campaign.yml (small whole numbers stand for too many other
things), for days written out as constants, and for the codes of groups that a rule singles out.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

import pytest
import yaml
from project_files import ROOT, name_of, project_files

RULE_SEEDS = ("subsidy_rules.csv", "supervision_rules.csv")
# Sample data has to draw its days and amounts from somewhere; what it draws is no rule of the warehouse.
NOT_POLICY = ("orchestration/sandbox/",)
# Units that happen to be values of rules too: per cent, thousands, the seconds of an hour.
UNITS = {Decimal(value) for value in (100, 1000, 3600)}
# Of our years: 9999-12-31 is the end of what has none.
_DAY = re.compile(r"20[12]\d-\d{2}-\d{2}")


def policy_values() -> set[Decimal]:
    """Every number that a rule or target holds and that can be told from an ordinary one: over 99, or broken."""
    cells: list[str] = []
    for name in RULE_SEEDS:
        with (ROOT / "seeds" / name).open(encoding="utf-8", newline="") as stream:
            cells += [cell for row in csv.DictReader(stream) for cell in row.values()]
    campaign = yaml.safe_load((ROOT / "campaign.yml").read_text(encoding="utf-8"))
    cells += [str(target["value"]) for target in campaign["targets"]]
    numbers = {number for cell in cells if (number := _number(cell)) is not None}
    return {number for number in numbers if number > 99 or number != number.to_integral_value()} - UNITS


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def sql_files() -> list:
    return project_files(".sql", under="dbt_project") + project_files(".sql", under="orchestration")


def python_files() -> list:
    return [path for path in project_files(".py", under="orchestration") if not name_of(path).startswith(NOT_POLICY)]


def _sql_code(path) -> str:
    return re.sub(r"--[^\n]*|\{#.*?#\}|/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def _python_constants(path) -> Iterator[tuple[int, object]]:
    """Line and value of every constant but those of a day, which has a test of its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    of_days = {id(argument) for call in ast.walk(tree) if _is_day(call) for argument in call.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in of_days:
            yield node.lineno, node.value


def _is_day(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in {
        "date",
        "datetime",
    }


def test_the_values_searched_for_are_the_ones_meant():
    values = policy_values()
    assert {Decimal("5000000"), Decimal("800"), Decimal("0.95"), Decimal("1500")} <= values


def test_no_policy_number_stands_in_sql():
    values = policy_values()
    found = [
        f"{name_of(path)}: {text}"
        for path in sql_files()
        for text in re.findall(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?![\w.])", _sql_code(path))
        if Decimal(text.replace("_", "")) in values
    ]
    assert found == []


def test_no_policy_number_stands_in_python():
    # Broken numbers are waits and the like there: only SQL works on shares.
    values = {value for value in policy_values() if value == value.to_integral_value()}
    found = [
        f"{name_of(path)}:{line}: {value}"
        for path in python_files()
        for line, value in _python_constants(path)
        if isinstance(value, int | float) and not isinstance(value, bool) and Decimal(str(value)) in values
    ]
    assert found == []


def test_no_day_stands_in_sql():
    found = [f"{name_of(path)}: {day}" for path in sql_files() for day in _DAY.findall(_sql_code(path))]
    assert found == []


def test_no_day_stands_in_python():
    written = [
        f"{name_of(path)}:{line}: {value}"
        for path in python_files()
        for line, value in _python_constants(path)
        if isinstance(value, str) and _DAY.fullmatch(value)
    ]
    built = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _is_day(node)
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in range(2010, 2030)
    ]
    assert written + built == []


@pytest.mark.parametrize("code", ["KG06A", "KG06B", "KG07", "KG08", "KG09"])
def test_no_model_singles_out_a_group_that_a_rule_names(code):
    """Which groups may draw an allowance is a column of subsidy_rules.csv."""
    models = [path for path in sql_files() if "/models/" in f"/{name_of(path)}"]
    assert models
    assert [name_of(path) for path in models if f"'{code}'" in _sql_code(path)] == []
