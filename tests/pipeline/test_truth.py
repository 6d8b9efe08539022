"""Every headline number of the marts equals the sandbox's own count, to the unit.

The sandbox counts as it draws each record, knows nothing of the warehouse's SQL, and writes `truth.json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from deployment import Built

from orchestration.calendar import periods
from orchestration.campaign import load_campaign
from orchestration.landing.ledger import read_ledger
from orchestration.landing.missing import due_reports, missing_reports
from orchestration.settings import Settings
from orchestration.sources.registry.load import load_registry

pytestmark = pytest.mark.pipeline


@dataclass(frozen=True)
class Compared:
    """Where a table of the truth stands in the warehouse: `relation`, and the rows of it that the truth speaks of."""

    relation: str
    where: str = "true"


TABLES = {
    "target_progress": Compared("marts.target_progress", "province_code = '000000'"),
    "registration_progress": Compared(
        "marts.registration_progress", "platform_id = '_all' or province_code = '000000'"
    ),
    "registration_daily": Compared("marts.registration_daily", "province_code = '000000' and platform_id = '_all'"),
    "occupation_coverage": Compared(
        "marts.occupation_coverage",
        "courses_open_count + registrations + completed_registrations + certificates_count > 0 or is_taken_up",
    ),
    "key_group_participation": Compared("marts.key_group_participation", "province_code = '000000'"),
    "key_region_support": Compared("marts.key_region_support"),
    "subsidy_progress": Compared(
        "marts.subsidy_progress",
        "claimed_count + approved_count + rejected_count + paid_count + recovered_count + unpaid_amount_cny > 0",
    ),
    "reporting_timeliness": Compared("marts.reporting_timeliness"),
    "quarantine": Compared("marts.data_quality", "reason <> 'orphaned' and rows_count > 0"),
    "deliveries": Compared(
        """(
            select sender_id, ledger_periods.feed, ledger_periods.period_start,
                sum(ledger_periods.rows_count + ledger_periods.quarantined_rows_count) as delivered_rows_count,
                sum(ledger_periods.quarantined_rows_count) as quarantined_rows_count
            from raw.ledger_periods inner join raw.ledger using (sender_id, sequence)
            where kind = 'batch' group by all
        )""",
        "delivered_rows_count > 0",
    ),
    "dispatch_reports": Compared(
        """(
            from (
                select province_code, period_start, indicator_code, version, this_period, cumulative
                from core.fct_dispatch_report where is_current
            )
            unpivot include nulls (reported_value for measure in (this_period, cumulative))
        )""",
        "reported_value is not null",
    ),
    "occupation_counts": Compared(
        """(
            select period_start, count(*) filter (is_covered) as covered_count,
                count(*) filter (is_taken_up) as taken_up_count
            from marts.occupation_coverage group by all
        )"""
    ),
    "missing_senders": Compared(
        """(
            select period_start, sender_id, list(feed order by feed) as feeds
            from marts.reporting_timeliness where status = 'missing' group by all
        )"""
    ),
}
# Columns of the truth that another mart will answer for: dispatch_reconciliation and its way of being wrong.
ANSWERED_LATER = {"dispatch_reports": {"way", "recorded_value", "status"}, "dispatch_filings": {"way", "is_late"}}
TOTALS = {
    "registrations": "select count(*) from core.fct_registration",
    "counted_registrations": "select count(*) from core.fct_registration where is_counted",
    "counted_learners": "select count(distinct person_sk) from core.fct_registration where is_counted",
    "completed_registrations": (
        "select count(*) from core.fct_registration, core.dim_campaign where is_counted and completed_at <= clock"
    ),
    "courses": "select count(*) from core.dim_course",
    "learning_records": "select count(*) from core.fct_learning_record",
    "voided_learning_records": "select count(*) from core.fct_learning_record where not is_active_record",
    "orphaned_learning_records": (
        "select count(*) from core.fct_learning_record anti join core.fct_registration using (registration_sk)"
    ),
    "certificates": "select count(*) from core.fct_certificate",
    "revoked_certificates": "select count(*) from core.fct_certificate where is_revoked",
    "reminders": "select count(*) from core.fct_reminder",
    "subsidy_payments": "select count(*) from core.fct_subsidy_payment",
}


@pytest.fixture(scope="module")
def truth(built: Built) -> dict[str, Any]:
    return json.loads((built.world / "truth.json").read_text(encoding="utf-8"))


def test_everything_that_the_sandbox_counted_is_compared(truth):
    # `supervision` labels subjects and counts nothing: test_supervision_scenarios.py holds the rules against it.
    assert set(truth["tables"]) - set(TABLES) <= {"dispatch_filings", "supervision"}
    assert set(truth["totals"]) == set(TOTALS)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_equals_the_truth(name: str, built: Built, truth: dict[str, Any]) -> None:
    told = truth["tables"][name]
    keys = told["keys"]
    columns = [column for column in told["columns"] if column not in ANSWERED_LATER.get(name, set())]
    kept = [*range(len(keys)), *(len(keys) + told["columns"].index(column) for column in columns)]
    expected = {
        tuple(row[: len(keys)]): tuple(_plain(row[index]) for index in kept[len(keys) :]) for row in told["rows"]
    }
    compared = TABLES[name]
    rows = built.deployment.query(
        f"select {', '.join([*keys, *columns])} from {compared.relation} as compared where {compared.where}"
    )
    found = {tuple(map(str, row[: len(keys)])): tuple(map(_plain, row[len(keys) :])) for row in rows}
    assert len(found) == len(rows)
    if name == "dispatch_reports":
        # An indicator that a province left blank is no reported value.
        expected = {
            key: values for key, values in expected.items() if values[columns.index("reported_value")] is not None
        }
    assert expected
    assert sorted(set(expected) - set(found)) == [], "rows of the truth that the warehouse lacks"
    assert sorted(set(found) - set(expected)) == [], "rows of the warehouse that the truth lacks"
    differing = {
        (*key, column): (found[key][place], expected[key][place])
        for key in expected
        for place, column in enumerate(columns)
        if found[key][place] != expected[key][place]
    }
    assert differing == {}, "(found, expected)"


@pytest.mark.parametrize("name", sorted(TOTALS))
def test_a_total_equals_the_truth(name: str, built: Built, truth: dict[str, Any]) -> None:
    assert built.deployment.query(TOTALS[name])[0][0] == truth["totals"][name]


def test_what_the_ledgers_say_is_missing_is_missing_in_the_mart(built: Built) -> None:
    """The schedules judge by the ledgers, since a build may hold the database; both must say the same."""
    settings = Settings.from_environment(built.deployment.environment)
    campaign = load_campaign(settings.campaign_path)
    registry = load_registry(settings.sources_path, settings.secret)
    due = due_reports(registry, periods(campaign), settings.now())
    found = {
        (one.period.start, one.sender_id, one.feed) for one in missing_reports(due, read_ledger(settings.landing_dir))
    }
    expected = built.deployment.query(
        "select period_start, sender_id, feed from marts.reporting_timeliness where status = 'missing'"
    )
    assert expected
    assert found == set(expected)


def _plain(value: Any) -> Any:
    """One form for numbers however they are written: 2, 2.0, Decimal('2.00') and '2.0000' are the same."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return sorted(value)
    try:
        return Decimal(str(value)).normalize()
    except ArithmeticError:
        return value
