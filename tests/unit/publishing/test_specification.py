"""disclosure.yml: what it must say of a mart before that is published."""

from __future__ import annotations

import pytest

from orchestration.publishing.errors import DisclosureError
from orchestration.publishing.specification import load_specification, parse_specification

DAILY = {
    "day": "DATE",
    "province_code": "VARCHAR",
    "platform_id": "VARCHAR",
    "row_kind": "VARCHAR",
    "registrations": "BIGINT",
    "learners": "BIGINT",
    "active_learners": "BIGINT",
    "study_hours": "DECIMAL(18,4)",
}
SMALL = """
smallest_shown: 5
withhold_zeros: true
dimensions: []
record_level: []
marts:
  a: {keys: [k], units: {u: {counts: [n]}}%s}
"""


def test_the_real_file_describes_a_mart() -> None:
    assert load_specification().check("registration_daily", DAILY).unit_of("study_hours") == "active"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({**DAILY, "paid_persons": "BIGINT"}, "doesn't say what paid_persons counts"),
        ({**DAILY, "ids": "VARCHAR[]"}, "doesn't say what ids counts"),
        ({**DAILY, "share": "DOUBLE"}, "doesn't say what share counts"),
        ({name: kind for name, kind in DAILY.items() if name != "learners"}, "doesn't have: learners"),
        ({**DAILY, "is_suppressed": "BOOLEAN"}, "is_suppressed is added by the publication"),
    ],
)
def test_a_mart_that_differs_is_refused(columns: dict[str, str], message: str) -> None:
    with pytest.raises(DisclosureError, match=message):
        load_specification().check("registration_daily", columns)


def test_an_unknown_mart_is_refused() -> None:
    with pytest.raises(DisclosureError, match=r"marts\.new: disclosure\.yml has no entry"):
        load_specification().check("new", {"k": "VARCHAR"})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (", totals: [{column: z, total: x}]", "z is no key"),
        (", running_totals: [{total: n, of: m}], time: k", "m is in no unit"),
        (", running_totals: [{total: n, of: n}]", "running_totals need time"),
        (", time: z", "time z is no key"),
        (", colour: red", "colour"),
    ],
)
def test_a_wrong_entry_is_named(more: str, message: str) -> None:
    with pytest.raises(DisclosureError, match=message):
        parse_specification(SMALL % more)


def test_a_column_stands_in_one_unit() -> None:
    text = SMALL.replace("{u: {counts: [n]}}", "{u: {counts: [n]}, v: {sums: [n]}}") % ""
    with pytest.raises(DisclosureError, match="n stands in two units"):
        parse_specification(text)
