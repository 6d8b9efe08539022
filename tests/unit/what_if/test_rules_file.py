"""What is wrong with a rules file is said with its row and field, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from orchestration.what_if.rules_file import RulesFileError, check_rules_file, read_group_codes

RULES = (PROJECT_ROOT / "seeds" / "subsidy_rules.csv").read_text(encoding="utf-8")
HEADER, FIRST, *_ = RULES.splitlines()
GROUPS = read_group_codes(PROJECT_ROOT / "seeds")


def changed(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "rules.csv"
    path.write_text(text, encoding=encoding)
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(RulesFileError) as raised:
        check_rules_file(path, GROUPS)
    return str(raised.value).splitlines()


def test_the_seeds_own_rules_hold(tmp_path):
    assert check_rules_file(changed(tmp_path, RULES), GROUPS) == len(RULES.splitlines()) - 1
    assert check_rules_file(changed(tmp_path, RULES, "utf-8-sig"), GROUPS) == len(RULES.splitlines()) - 1


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("per_class_hour", "per_hour", "rules.csv: row 2, measure: Input should be 'per_certificate'"),
        (",20.00,", ",-1,", "rules.csv: row 2, amount_cny: Input should be greater than or equal to 0"),
        (
            ",20.00,",
            ",20.005,",
            "rules.csv: row 2, amount_cny: Decimal input should have no more than 2 decimal places",
        ),
        ("2020-01-01", "2020-13-01", "rules.csv: row 2, valid_from: Input should be a valid date"),
        ("2020-01-01", "2021-01-01", "rules.csv: row 2: Value error, valid_to lies before valid_from"),
        ("000000", "00", "rules.csv: row 2, region_code: String should match pattern"),
        ("special_account", "", "rules.csv: row 2, fund: Input should be 'special_account' or 'employment_fund'"),
        (
            "per_class_hour",
            "per_study_day",
            "rules.csv: row 2: Value error, measure: training is measured per_certificate or per_class_hour or "
            "share_of_cost",
        ),
        ("per_class_hour", "share_of_cost", "rules.csv: row 2: Value error, share: share_of_cost needs it"),
        (",20.00,", ",,", "rules.csv: row 2: Value error, amount_cny: per_class_hour needs it"),
        ("CN-TRAIN,", "", "rules.csv: row 2: not as many fields as the header has"),
    ],
)
def test_each_field_is_checked(tmp_path, was, now, said):
    assert was in FIRST
    (problem,) = problems(changed(tmp_path, f"{HEADER}\n{FIRST.replace(was, now, 1)}\n"))
    assert problem.startswith(said)


def test_every_problem_is_told_at_once(tmp_path):
    twice = FIRST.replace("per_class_hour", "per_hour")
    told = problems(changed(tmp_path, f"{HEADER}\n{FIRST}\n{FIRST}\n{twice}\n"))
    assert told[0] == "rules.csv: row 3, rule_id: CN-TRAIN stands in row 2 already"
    assert told[1].startswith("rules.csv: row 4, measure: ")


def test_other_columns_are_listed_on_both_sides(tmp_path):
    told = problems(changed(tmp_path, RULES.replace("amount_cny", "amount", 1)))
    assert told[1:] == ["rules.csv: missing: amount_cny", "rules.csv: unknown: amount"]


def test_an_empty_file_a_missing_one_and_another_encoding(tmp_path):
    assert problems(changed(tmp_path, HEADER + "\n")) == ["rules.csv: no rule in it"]
    assert "can't be read (No such file or directory)" in problems(tmp_path / "none.csv")[0]
    assert problems(changed(tmp_path, RULES, "gb18030")) == ["rules.csv: not UTF-8; save it as CSV UTF-8"]


def test_a_group_that_is_none_is_named_since_it_would_pay_nobody(tmp_path):
    allowance = next(line for line in RULES.splitlines() if ",living_allowance," in line and "KG07" in line)
    path = changed(tmp_path, f"{HEADER}\n{allowance.replace('KG07', 'KG55', 1)}\n")
    assert problems(path) == ["rules.csv: row 2, eligible_group_codes: no such group: KG55"]


def test_a_list_of_groups_that_is_none_is_named(tmp_path):
    with pytest.raises(RulesFileError, match="key_groups.csv: can't be read as the list of groups"):
        read_group_codes(tmp_path)
