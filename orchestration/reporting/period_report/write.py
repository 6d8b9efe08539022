"""Write the report of a period from the published copy.

    published/marts.duckdb (read only) → one HTML file → (on demand) the same as PDF beside it

Run alone: `warehouse report --period 2020-06-15`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestration.reporting.period_report.head import read_head
from orchestration.reporting.period_report.page import render_page
from orchestration.reporting.period_report.pdf import print_pdf
from orchestration.reporting.status import NothingPublishedError, open_published, published_database
from orchestration.settings import Settings


@dataclass(frozen=True)
class PeriodReport:
    """What was written, and the published version that its numbers stand in. `pdf` is None unless asked for."""

    path: Path
    pdf: Path | None
    period: str
    version: str


def default_path(settings: Settings, period: str) -> Path:
    """Beside the published copy: `published/report-<period>.html`."""
    return settings.published_dir / f"report-{period}.html"


def write_period_report(settings: Settings, period: str, out: Path | None = None, *, pdf: bool = False) -> PeriodReport:
    """Write the report on `period` (its first day); the file is there whole or not at all.

    Raises NothingPublishedError before the first publication or where the published copy lacks what is read,
    UnreadableDatabaseError where it is damaged, UsageError for a period that has not begun, OSError where the file
    can't be written, PrinterMissingError where a PDF was asked for and can't be printed (the HTML is written).
    """
    with open_published(settings) as connection:
        try:
            head = read_head(connection, period)
            page = render_page(connection, head, is_sample=settings.is_sandbox)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            reason = str(error).splitlines()[0]
            raise NothingPublishedError(
                f"{published_database(settings)} was published before this report knew its tables ({reason}); "
                "run `warehouse publish`"
            ) from None
    path = (out or default_path(settings, period)).absolute()
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        unfinished = Path(folder) / path.name
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(path)
    printed = path.with_suffix(".pdf") if pdf else None
    if printed is not None:
        print_pdf(path, printed)
    return PeriodReport(path, printed, period, str(head.publication["version"]))
