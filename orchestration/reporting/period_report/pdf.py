"""The report printed to PDF by a headless Chromium, where the machine has one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 120
# The page fetches nothing; the browser itself shall not either
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-pdf-header-footer",
)


class PrinterMissingError(Exception):
    """No Chromium is installed, or it did not print; the message says which."""


def print_pdf(page: Path, path: Path) -> None:
    """Print the HTML file `page` to `path`. Raises PrinterMissingError, and leaves no part of a file."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise PrinterMissingError(
            f"no PDF: none of {', '.join(PROGRAMS)} is installed; {page} can be printed from any browser"
        )
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        unfinished = Path(folder) / "report.pdf"
        command = [program, *_FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={unfinished}", page.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise PrinterMissingError(f"no PDF: {program} did not print {page} in {SECONDS} s") from None
        if not unfinished.is_file():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise PrinterMissingError(f"no PDF: {program} ended with {done.returncode}: {last}")
        unfinished.replace(path)
