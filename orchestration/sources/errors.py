"""What goes wrong at a sender, in two classes: what another try can't mend, and what it may.

The text of an error is one line that a stranger understands, and holds no value of a row: rows hold personal data, and
errors reach logs and Dagster's storage.
"""

from __future__ import annotations

import traceback
from pathlib import Path


class SourceError(Exception):
    """Trouble with one sender's feed.

    `source_name` is the file's path below the inbox or the request's path; `field` and `row` (1-based data row, header
    not counted) are given where they are known.
    """

    is_transient = False

    def __init__(
        self,
        sender_id: str,
        feed: str,
        source_name: str,
        message: str,
        field: str | None = None,
        row: int | None = None,
    ) -> None:
        self.sender_id = sender_id
        self.feed = feed
        self.source_name = source_name
        self.message = message
        self.field = field
        self.row = row
        super().__init__(self.__str__())

    def __str__(self) -> str:
        row = f" row {self.row}" if self.row is not None else ""
        field = f" field {self.field}" if self.field else ""
        return f"{self.sender_id} {self.feed} {self.source_name}{row}{field}: {self.message}"


class PermanentSourceError(SourceError):
    """Someone has to do something: a refused token, a wrong encoding, a missing column."""


class TransientSourceError(SourceError):
    """The same request may succeed later: a timeout, a 5xx, a body cut off on every try."""

    is_transient = True


def defect_message(error: Exception) -> str:
    """For a defect of this program: where it is, but not its text, which may hold a row."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "orchestration" in frame.filename] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "unknown place"
    return f"internal error {type(error).__name__} at {place}; nothing of it was landed"
