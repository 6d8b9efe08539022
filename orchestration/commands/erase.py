"""`warehouse erase`: take a person out of everything that has landed."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from orchestration.commands.person import IdTypeOption, PersonKeyOption, asked_person
from orchestration.commands.terminal import JsonOption, answer, told
from orchestration.landing.erasure import erase_person
from orchestration.reporting.summary import render_line
from orchestration.settings import Settings


@dataclass(frozen=True)
class ErasureReport:
    """What an erasure did; nothing in it identifies. `batch_ids`: whose files were rewritten."""

    rows_count: int
    files_count: int
    batch_ids: tuple[str, ...]


def erase(
    person_key: PersonKeyOption = None, id_type: IdTypeOption = "resident_id", as_json: JsonOption = False
) -> None:
    """Take a person, their registrations and all that hangs on these out of every landed file.

    The id number is read from standard input (hidden on a terminal) and is neither echoed nor kept. The files concerned
    are rewritten and the ledger says so; the next build takes the person out of the tables and the published copy.
    """
    with told(as_json=as_json):
        settings = Settings.from_environment()
        done = erase_person(settings, asked_person(settings, person_key, id_type))
        batch_ids = tuple(dict.fromkeys(entry.batch_id for entry in done.entries))
        answer(ErasureReport(done.rows_count, len(done.entries), batch_ids), _render, as_json=as_json)


def _render(console: Console, report: ErasureReport) -> None:
    if not report.files_count:
        render_line(console, "erased", "nothing: no landed file names this person under this pseudonym key")
        return
    render_line(console, "erased", f"{report.rows_count:,} rows; {report.files_count:,} files rewritten")
    render_line(console, "next", "warehouse build")
