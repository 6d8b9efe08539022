"""What `warehouse known-at` says at its end."""

from datetime import datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from orchestration.commands.known_at import _render
from orchestration.known_at.build import KnownAtReport
from orchestration.loading.load import LoadReport
from orchestration.publishing.building import PublishReport
from orchestration.settings import SHANGHAI


def test_it_names_its_own_file_and_not_the_one_that_readers_follow():
    moment = datetime(2020, 5, 8, 18, tzinfo=SHANGHAI)
    published = PublishReport(
        path=Path("published/marts-known-20200508T1000Z.duckdb"),
        version="v",
        published_at=moment,
        run_id=None,
        known_at=moment,
        tables=(),
        left_out=(),
        withheld_cells_count=0,
        small_cells_count=0,
        exposed_units_count=0,
    )
    text = StringIO()
    _render(Console(file=text, width=200), KnownAtReport(moment, LoadReport(), published))
    assert "published/marts-known-20200508T1000Z.duckdb" in text.getvalue()
    assert "marts.duckdb" not in text.getvalue()
