"""`warehouse status` and `warehouse verify`: what stands, and whether what was landed is still what it was."""

from __future__ import annotations

from orchestration.commands.terminal import TROUBLE, JsonOption, answer, told
from orchestration.reporting import status as standing_report
from orchestration.reporting import summary
from orchestration.reporting.verification import verify_landing
from orchestration.settings import Settings


def status(as_json: JsonOption = False) -> None:
    """Target progress, timeliness by sender, and the last publication. Reads the published copy: it never waits."""
    with told(as_json=as_json):
        report = standing_report.read_status(Settings.from_environment())
        answer(report, standing_report.render_status, as_json=as_json)


def verify(as_json: JsonOption = False) -> None:
    """Walk ledger and landed files; name each batch that differs, is missing, was reordered or cut off.

    Exit code 1 when anything was found.
    """
    with told(as_json=as_json):
        report = verify_landing(Settings.from_environment())
        answer(report, summary.render_verification, as_json=as_json, exit_code=TROUBLE if report.findings else 0)
