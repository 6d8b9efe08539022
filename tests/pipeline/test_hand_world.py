"""A world small enough to be counted by hand: every number in `tests/golden/hand_world/expected` was, from `given/`.

Its clock is 2020-05-06 12:00, in the running fourth period. The world holds one of each thing that the counting rules
of the marts decide: two registrations for one course, a person in two provinces, a cancelled and a pending one, a
platform selected late and dropped early, a day that begins in UTC, ended and begun region codes, the Corps, an unknown
region, overlapping study, a record over midnight and one over the cut, a revoked certificate, a roster that ended.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "hand_world"
NOW = "2020-05-06T12:00:00+08:00"
REGISTRY = """
platforms:
  - id: A01
    name: 样例平台甲
    connector: files
    inbox: inbox/A01
    ministry_affiliated: true
    selected_from: 2020-03-23
    selected_to: null
    selected_by: ministry
  - id: A02
    name: 样例平台乙
    connector: files
    inbox: inbox/A02
    selected_from: 2020-04-06
    selected_to: 2020-04-20
    selected_by: "420000"
bureaus:
  - id: "420000"
    name: 湖北省人力资源和社会保障厅
    connector: files
    inbox: inbox/420000
    encoding: gb18030
    feeds: [dispatch_reports, eligibility_rosters, subsidy_payments]
"""

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hand_world")
    shutil.copytree(GOLDEN / "given" / "inbox", root / "inbox")
    (root / "sources.yml").write_text(REGISTRY, encoding="utf-8")
    environment = os.environ | {
        "WAREHOUSE_DIR": str(root / "warehouse"),
        "WAREHOUSE_SOURCES": str(root / "sources.yml"),
        "WAREHOUSE_PSEUDONYM_KEY": "0f" * 32,
        "WAREHOUSE_NOW": NOW,
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("warehouse"), "build"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "warehouse" / "warehouse.duckdb"


@pytest.mark.parametrize("expected_file", sorted(GOLDEN.glob("expected/*.csv")), ids=lambda path: path.stem)
def test_mart_equals_the_hand_count(built: Path, expected_file: Path) -> None:
    mart = expected_file.stem
    with duckdb.connect(str(built), read_only=True) as connection:
        expected = connection.read_csv(str(expected_file), all_varchar=True)
        types = dict(
            connection.execute(
                "select column_name, data_type from duckdb_columns() where schema_name = 'marts' and table_name = ?",
                [mart],
            ).fetchall()
        )
        columns = ", ".join(f'cast("{name}" as {types[name]})' for name in expected.columns)
        named = ", ".join(f'"{name}"' for name in expected.columns)
        where = "true"
        if mart == "occupation_coverage":  # dense: the other occupations of the seed are all zero
            where = "courses_open_count + registrations > 0 or is_taken_up"
        wanted = connection.execute(f"select {columns} from expected order by all").fetchall()
        found = connection.execute(f"select {named} from marts.{mart} where {where} order by all").fetchall()
    assert found == wanted


def test_refused_rows_are_named(built: Path) -> None:
    with duckdb.connect(str(built), read_only=True) as connection:
        rows = connection.execute(
            "select sender_id, feed, period_start::text, reason, rows_count from marts.data_quality order by all"
        ).fetchall()
    assert ("A02", "registrations", "2020-04-06", "identity_invalid", 1) in rows
    assert ("A02", "registrations", "2020-04-06", "missing_required", 1) in rows
    assert ("A01", "registrations", "2020-04-20", "orphaned", 1) in rows
