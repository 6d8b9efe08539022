"""The report of one period as one HTML file that needs no server: `write_period_report`."""

from orchestration.reporting.period_report.pdf import PrinterMissingError
from orchestration.reporting.period_report.write import PeriodReport, default_path, write_period_report

__all__ = ["PeriodReport", "PrinterMissingError", "default_path", "write_period_report"]
