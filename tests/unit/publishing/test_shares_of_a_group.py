"""A share that all rows of a platform repeat is withheld in all of them, and in no row that the mart doesn't have."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.publishing.database import withhold
from orchestration.publishing.specification import load_specification
from orchestration.publishing.tables import MaskedTable, masked

# platform, category, delivery mode, registrations, share on general content
ROWS = [
    ("P001", "general_content", "live", 2, 0.1),
    ("P001", "new_industry", "recorded", 18, 0.1),
    ("P002", "general_content", "recorded", 20, 0.4),
    ("P002", "large_workforce", "live", 30, 0.4),
]


def published_supply() -> tuple[pa.Table, MaskedTable]:
    specification = load_specification()
    mart = specification.marts["course_supply"]
    values = ", ".join(map(str, ROWS))
    table = duckdb.sql(
        f"""
        select date '2020-03-23' as period_start, * replace (general_content_share::double as general_content_share),
            1::bigint as courses_open_count, 1::bigint as courses_approved_count,
            0::bigint as courses_pending_count, 0::bigint as courses_rejected_count, 8::double as class_hours
        from (values {values}) as t (platform_id, content_category, delivery_mode, registrations, general_content_share)
        order by all
        """
    ).to_arrow_table()
    withheld = withhold(specification, {"course_supply": table}, [])
    return table, masked(
        "course_supply", table, mart, withheld.grids["course_supply"], withheld.cells, withheld.suppression
    )


def test_the_rows_are_the_marts_own() -> None:
    table, published = published_supply()
    assert published.added_rows_count == 0
    keys = ["period_start", "platform_id", "content_category", "delivery_mode"]
    assert published.table.select(keys) == table.select(keys)


def test_all_rows_of_the_platform_lose_the_share_and_the_others_keep_it() -> None:
    _, published = published_supply()
    shares = published.table.column("general_content_share").to_pylist()
    platforms = np.array(published.table.column("platform_id").to_pylist())
    assert [shares[at] for at in np.flatnonzero(platforms == "P001")] == [None, None]
    assert [shares[at] for at in np.flatnonzero(platforms == "P002")] == [0.4, 0.4]
