"""The semantic layer: each metric, asked of MetricFlow by name, is the number of its mart."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deployment import Deployment
from support.metric_sql import Metrics

pytestmark = pytest.mark.pipeline

NATION = "province_code = '000000'"
WHOLE = f"marts.registration_progress where {NATION} and platform_id = '_all'"
OF_MARTS = {
    "registrations": f"select sum(registrations) from {WHOLE}",
    "learners": f"select max_by(cumulative_learners, period_start) from {WHOLE}",
    "registrations_per_learner": "select max_by(cumulative_registrations / cumulative_learners, period_start) "
    f"from {WHOLE}",
    "completed_registrations": f"select sum(completed_registrations) from {WHOLE}",
    "completed_share": f"select sum(completed_registrations) / sum(registrations) from {WHOLE}",
    "study_hours": f"select sum(study_hours) from {WHOLE}",
    "entitled_amount_cny": f"select sum(entitled_amount_cny) from marts.subsidy_progress where {NATION}",
    "paid_amount_cny": f"select sum(paid_amount_cny) from marts.subsidy_progress where {NATION}",
    "on_time_share": "select count(*) filter (status = 'on_time') / count(*) from marts.reporting_timeliness "
    "where status <> 'not_due'",
    "covered_occupations": "select max_by(actual_value, period_start) from marts.target_progress "
    f"where {NATION} and target_code = 'occupations'",
}


def ask(deployment: Deployment, path: Path, *arguments: str) -> list[dict[str, str]]:
    command = [sys.executable, "-m", "orchestration.transforming.metrics", "query", "--csv", str(path), *arguments]
    asked = subprocess.run(command, env=deployment.environment, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_each_metric_is_the_number_of_its_mart(built: Any) -> None:
    asked = Metrics(built.deployment.directory / "dbt" / "target" / "semantic_manifest.json").sql(list(OF_MARTS))
    with duckdb.connect(str(built.deployment.database), read_only=True) as connection:
        answer = connection.execute(asked)
        row = dict(zip([column[0] for column in answer.description or []], answer.fetchall()[0], strict=True))
    for metric, query in OF_MARTS.items():
        ((expected,),) = built.deployment.query(query)
        # Hours are rounded in each row of the mart, shares are floats on both sides.
        assert float(row[metric]) == pytest.approx(float(expected), abs=0.001 if metric == "study_hours" else 1e-9), (
            metric
        )
        assert float(row[metric]) > 0, metric


def test_by_province_they_are_the_marts_rows(built: Any, tmp_path: Path) -> None:
    """Asked as `make metrics` does."""
    asked = ("--metrics", "registrations,completed_registrations", "--group-by", "registration__province_code")
    rows = ask(built.deployment, tmp_path / "provinces.csv", *asked)
    assert sum(int(row["completed_registrations"] or 0) for row in rows) > 0
    found = {row["registration__province_code"]: int(row["registrations"] or 0) for row in rows}
    expected = built.deployment.query(
        "select province_code, sum(registrations) from marts.registration_progress "
        f"where platform_id = '_all' and not {NATION} group by province_code"
    )
    assert {place: count for place, count in found.items() if count} == {p: int(n) for p, n in expected if n}


def test_without_a_manifest_the_message_says_what_to_do(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, tmp_path / "sources.yml")
    command = [sys.executable, "-m", "orchestration.transforming.metrics", "list", "metrics"]
    asked = subprocess.run(command, env=deployment.environment, capture_output=True, text=True, check=False)
    assert asked.returncode == 1
    assert "run `warehouse transform`" in asked.stderr
