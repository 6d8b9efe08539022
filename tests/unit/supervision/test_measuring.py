"""Precision and recall from labels and signals, and the page that they go to."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.commands.measure_supervision import BEGIN, END, by_rule, compare, render, write_page


def _truth(*rows: tuple) -> dict:
    return {"tables": {"supervision": {"rows": [list(row) for row in rows]}}}


TRUTH = _truth(
    ("shared_device", "device", "d1", None, "farm", True),
    ("shared_device", "device", "d2", None, "farm", True),
    ("shared_device", "device", "d3", None, "family", False),
    ("shared_device", "device", "d4", None, "family", False),
    ("idle_platform", "platform", "P1", "2020-03-23", "dormant", True),
    ("idle_platform", "platform", "P1", "2020-04-06", "late start", False),
)


def test_a_label_is_met_by_its_rule_and_subject_and_by_its_period_where_it_has_one() -> None:
    signals = [
        ("shared_device", "d1", "2020-03-23"),
        ("shared_device", "d4", "2020-04-06"),
        ("another_rule", "d2", "2020-03-23"),
        ("idle_platform", "P1", "2020-04-06"),
    ]
    devices, platforms = by_rule(compare(1, TRUTH, signals))
    assert (devices.frauds, devices.found, devices.honest, devices.false_alarms) == (2, 1, 2, 1)
    assert (devices.recall, devices.precision) == (0.5, 0.5)
    assert (platforms.found, platforms.false_alarms, platforms.recall, platforms.precision) == (0, 1, 0, 0)


def test_nothing_flagged_leaves_the_precision_open() -> None:
    devices, _ = by_rule(compare(1, TRUTH, []))
    assert devices.recall == 0
    assert devices.precision is None


def test_the_page_keeps_what_stands_around_the_measured_part(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    measured = render(compare(3, TRUTH, [("shared_device", "d4", "2020-04-06")]), 100)
    write_page(page, measured)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\nMeasured on 1 sample worlds (seeds 3, 100 drawn")
    assert text.endswith(f"{END}\nafter\n")
    assert "| `shared_device` | 2 | 0 | 0% | 2 | 1 | 0% |" in text
    assert "- `shared_device`: family, 1 of 2 flagged" in text
    assert "- `shared_device`: farm, 2 of 2 missed" in text
    assert "old" not in text


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks\n", encoding="utf-8")
    with pytest.raises(ValueError, match="write between"):
        write_page(page, "measured")
    assert page.read_text(encoding="utf-8") == "no marks\n"
