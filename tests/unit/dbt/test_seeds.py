"""The reference data and the rules as data: complete, sourced, and left alone by dbt."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml
from support.raw_world import RawWorld

from orchestration.settings import PROJECT_ROOT
from orchestration.sources.feeds import GROUP_CODES, INDICATORS, REPORTED_ONLY_INDICATORS

SEEDS = PROJECT_ROOT / "seeds"
SUBSIDY_COLUMNS = [
    "rule_id", "scheme", "region_code", "valid_from", "valid_to", "measure", "amount_cny", "share", "grade", "cap_cny",
    "cap_basis", "max_days", "min_class_hours", "hours_tolerance_share", "min_study_hours_per_day",
    "eligible_group_codes", "max_times_per_year", "max_prepaid_share", "overdue_days", "fund", "document_no", "source",
    "is_assumed",
]  # fmt: skip
SUPERVISION_COLUMNS = [
    "rule_id", "parameter", "value", "unit", "name_zh", "subject_kind", "severity", "source", "is_assumed",
]  # fmt: skip
SUPERVISION_RULES = {
    "study_over_day_limit", "concurrent_sessions", "machine_paced_study", "certificate_before_hours",
    "certificate_without_trace", "shared_device", "mass_certification", "score_changed_after_issue", "repeat_claim",
    "over_claim", "claimed_over_entitled", "payment_unmatched", "wrong_fund", "training_before_eligibility",
    "working_age", "face_check_failing", "idle_platform", "roster_reuse", "off_catalogue",
}  # fmt: skip
ANOMALY_TESTS = {
    "copied_forward", "cumulative_falls", "parts_not_total", "digit_heaping", "share_out_of_range", "robust_outlier",
}  # fmt: skip


def rows_of(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_eighteen_codes_ended_and_sixteen_began_in_2020():
    regions = rows_of("regions")
    assert len({row["region_code"] for row in regions}) == len(regions) == 3229
    ended = [row for row in regions if row["valid_to"] == "2020-12-31"]
    began = [row for row in regions if row["valid_from"] == "2020-01-01"]
    renamed = [row["region_code"] for row in regions if not row["valid_from"]]
    assert (len(ended), len(began), renamed) == (18, 16, ["130502", "130503"])
    # The others' starts and ends are years too, and lie around 2020.
    assert all(re.fullmatch(r"(19|20)\d\d-01-01|", row["valid_from"]) for row in regions)
    assert all(re.fullmatch(r"202\d-12-31|", row["valid_to"]) for row in regions)


def test_thirty_two_provinces_have_a_bureau():
    provinces = {row["province_code"]: row["has_bureau"] for row in rows_of("provinces")}
    assert Counter(provinces.values()) == {"true": 32, "false": 5}
    assert {code for code, has in provinces.items() if has == "false"} == {
        "000000",
        "990000",
        "710000",
        "810000",
        "820000",
    }


def test_the_supervised_counties_are_52_known_codes():
    counties = {row["region_code"] for row in rows_of("supervised_counties")}
    assert len(counties) == 52
    assert counties <= {row["region_code"] for row in rows_of("regions") if row["level"] == "county"}


def test_every_key_region_prefix_names_a_known_code():
    regions = {row["region_code"]: row["name_zh"] for row in rows_of("regions")}
    for row in rows_of("key_region_prefixes"):
        assert regions[row["code_prefix"].ljust(6, "0")] == row["name_zh"]


def test_groups_and_indicators_are_those_of_the_contract():
    groups = {row["group_code"]: row for row in rows_of("key_groups")}
    assert set(groups) == set(GROUP_CODES)
    assert {code: row["rolls_up_to"] for code, row in groups.items() if row["rolls_up_to"]} == {
        "KG06A": "KG06",
        "KG06B": "KG06",
    }
    indicators = rows_of("dispatch_indicators")
    assert [row["indicator_code"] for row in indicators] == list(INDICATORS)
    assert {row["indicator_code"] for row in indicators if row["is_recorded"] == "false"} == set(
        REPORTED_ONLY_INDICATORS
    )


def test_occupations_keep_their_source_and_one_of_four_categories():
    occupations = rows_of("occupations")
    assert len(occupations) == 325
    assert {row["category"] for row in occupations} == {
        "urgent_shortage",
        "large_workforce",
        "new_industry",
        "new_occupation_skill",
    }
    assert all(row["source"] for row in occupations)


def test_subsidy_rules_have_their_layout_and_their_documents():
    rules = rows_of("subsidy_rules")
    assert list(rules[0]) == SUBSIDY_COLUMNS
    assert len({row["rule_id"] for row in rules}) == len(rules)
    for row in rules:
        assert row["source"] and row["document_no"], row["rule_id"]
        assert date.fromisoformat(row["valid_from"]) < date.fromisoformat(row["valid_to"])
        # What has a source of its own is published, what has none is assumed.
        assert (row["is_assumed"] == "false") == row["source"].startswith("http"), row["rule_id"]
        assert bool(row["share"]) == (row["measure"] == "share_of_cost")
        assert bool(row["amount_cny"]) == (row["measure"] != "share_of_cost")
        assert bool(row["cap_cny"]) == bool(row["cap_basis"])
    national = {row["scheme"]: row["is_assumed"] for row in rules if row["region_code"] == "000000"}
    assert national == dict.fromkeys(
        ("training", "living_allowance", "project_prepayment", "project_settlement"), "true"
    )


@pytest.mark.parametrize(
    ("rule_id", "expected"),
    [
        (
            "HANGZHOU-ONLINE",
            {"region_code": "330100", "share": "0.95", "cap_cny": "800.00", "cap_basis": "per_project"},
        ),
        ("HANGZHOU-GRADE-1", {"grade": "1", "measure": "per_certificate", "amount_cny": "3000.00"}),
        ("HANGZHOU-GRADE-5", {"grade": "5", "measure": "per_certificate", "amount_cny": "1000.00"}),
        ("WENZHOU-ONLINE", {"region_code": "330300", "share": "0.95", "cap_cny": "800.00", "max_times_per_year": "3"}),
        (
            "SHENZHEN-ONLINE",
            {"amount_cny": "30.00", "cap_cny": "1500.00", "cap_basis": "per_year", "min_class_hours": "10"},
        ),
        (
            "DONGGUAN-ONLINE",
            {"region_code": "441900", "amount_cny": "30.00", "cap_cny": "1000.00", "cap_basis": "per_year"},
        ),
        ("YUNNAN-ALLOW", {"region_code": "530000", "amount_cny": "60.00", "eligible_group_codes": "KG07"}),
        ("FUJIAN-PREPAY", {"region_code": "350000", "max_prepaid_share": "0.50"}),
    ],
)
def test_published_figures_are_the_published_ones(rule_id, expected):
    (row,) = [row for row in rows_of("subsidy_rules") if row["rule_id"] == rule_id]
    assert {name: row[name] for name in expected} == expected


def test_every_supervision_rule_and_anomaly_test_has_its_parameters():
    rules = rows_of("supervision_rules")
    assert list(rules[0]) == SUPERVISION_COLUMNS
    assert {row["rule_id"] for row in rules} == SUPERVISION_RULES | ANOMALY_TESTS
    assert len({(row["rule_id"], row["parameter"]) for row in rules}) == len(rules)
    assert all(row["is_assumed"] == "true" and row["severity"] in {"low", "medium", "high"} for row in rules)
    defaults = {(row["rule_id"], row["parameter"]): row["value"] for row in rules}
    assert defaults["study_over_day_limit", "max_hours_per_day"] == "10"
    assert defaults["working_age", "max_age_women"] == "55"


def test_dbt_knows_the_type_of_every_seed_column():
    """A folder put in the seeds' place holds nothing but CSV: types stand in dbt_project.yml."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    typed = {
        name: list(about["+column_types"]) for name, about in project["seeds"]["hundred_day"].items() if name[0] != "+"
    }
    assert typed == {path.stem: list(rows_of(path.stem)[0]) for path in SEEDS.glob("*.csv")}


@pytest.mark.pipeline
def test_other_rules_are_tried_from_another_folder_which_dbt_leaves_alone(tmp_path: Path):
    others = tmp_path / "others"
    shutil.copytree(SEEDS, others)
    path = others / "subsidy_rules.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("per_class_hour,20.00", "per_class_hour,21.00"), encoding="utf-8"
    )
    before = {file.name: file.read_bytes() for file in others.iterdir()}
    world = RawWorld(tmp_path / "warehouse", environment={"WAREHOUSE_SEEDS": str(others)})
    world.build("resource_type:seed dim_subsidy_rule")
    assert world.rows("select amount_cny::varchar from core.dim_subsidy_rule where rule_id = 'CN-TRAIN'") == [
        ("21.00",)
    ]
    assert {file.name: file.read_bytes() for file in others.iterdir()} == before
