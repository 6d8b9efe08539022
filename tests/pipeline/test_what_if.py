"""`warehouse what-if`: the same rules differ nowhere, other rules where they should; the warehouse stays the same."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from deployment import Built

from orchestration.settings import PROJECT_ROOT

pytestmark = pytest.mark.pipeline

RULES = PROJECT_ROOT / "seeds" / "subsidy_rules.csv"
ENTITLED = (
    "select scheme, count(distinct person_sk), sum(entitled_amount_cny), count(*) from marts.subsidy_entitlement "
    "where is_entitled group by scheme order by scheme"
)


def edited(folder: Path, **changes: dict[str, str]) -> Path:
    """A copy of the rules in which `changes` has, for a scheme, the fields that are others."""
    with RULES.open(encoding="utf-8", newline="") as file:
        rows = [row | changes.get(row["scheme"], {}) for row in csv.DictReader(file)]
    path = folder / "edited.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_unchanged_rules_differ_nowhere(built: Built) -> None:
    ended = built.deployment.run("what-if", "--rules", str(RULES), "--json")
    assert ended.exit_code == 0, ended.text
    difference = ended.answer["difference"]
    assert (difference["changed_decisions_count"], difference["rows"]) == (0, [])
    stands = {scheme: (persons, money) for scheme, persons, money, _ in built.deployment.query(ENTITLED)}
    for total in difference["totals"]:
        persons, money = stands.get(total["scheme"], (0, Decimal(0)))
        assert (total["entitled_persons"], total["entitled_persons_then"]) == (persons, persons)
        assert Decimal(total["entitled_amount_cny"]) == Decimal(total["entitled_amount_then_cny"]) == money


def test_other_rules_differ_where_they_should(built: Built, tmp_path: Path) -> None:
    """The same allowance everywhere; the training subsidy also for who studied less than was certified."""
    before = built.deployment.query(ENTITLED)
    rules = edited(
        tmp_path,
        living_allowance={"amount_cny": "100.00"},
        training={"min_class_hours": "0", "hours_tolerance_share": "999"},
    )
    ended = built.deployment.run("what-if", "--rules", str(rules), "--json")
    assert ended.exit_code == 0, ended.text
    totals = {total["scheme"]: total for total in ended.answer["difference"]["totals"]}
    allowance, training = totals["living_allowance"], totals["training"]
    assert allowance["persons_difference"] == 0
    assert Decimal(allowance["amount_difference_cny"]) > 0 and Decimal(allowance["entitled_amount_then_cny"]) % 100 == 0
    assert training["persons_difference"] > 0 and Decimal(training["amount_difference_cny"]) > 0
    for name in ("persons_difference", "amount_difference_cny"):
        parts = [
            Decimal(str(row[name]))
            for row in ended.answer["difference"]["rows"]
            if row["group_code"] == "all" and row["province_code"] != "000000" and row["scheme"] == "training"
        ]
        whole = Decimal(str(training[name]))
        # A person may be entitled in two provinces; money never is
        assert sum(parts) == whole if name == "amount_difference_cny" else max(parts) <= whole <= sum(parts)
    assert built.deployment.query(ENTITLED) == before
    assert [path.name for path in built.deployment.directory.glob(".what-if-*")] == []


def test_a_file_that_is_no_rules_file_is_wrong_use(built: Built, tmp_path: Path) -> None:
    path = edited(tmp_path, living_allowance={"amount_cny": "fifty"})
    ended = built.deployment.run("what-if", "--rules", str(path))
    assert ended.exit_code == 2
    assert "edited.csv: row 3, amount_cny: Input should be a valid decimal" in ended.stderr
