"""What every connector hands to landing: one batch as its sender delivered it, before the contract.

Columns of `Payload.table`, whole and in memory:

- `_position` BIGINT: the 1-based data row of a file or sheet table (the header isn't counted; of the dispatch workbook
  the sheet's own row number), or a running number over all pages of a pull;
- `_malformed` VARCHAR: null for a row that could be read. Otherwise the reason in words (a line that is no JSON object,
  a ragged row of a delimited file): such a row has null in every field, and the contract quarantines it as `bad_type`
  with field `_row` instead of judging its fields. Its text isn't handed on, since it may hold personal data;
- one VARCHAR column for each name in `Payload.header`, in that order. Null = not given. Lists are JSON array text or
  `;`-joined, booleans true/false or the sender's own word, numbers and times as the sender wrote them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa

POSITION = "_position"
MALFORMED = "_malformed"


@dataclass(frozen=True)
class UnknownColumn:
    """A delivered column that neither the contract nor a map names: what may be reported of it, never its values.

    `type`: text, integer, number, boolean, timestamp, list or object; `filled_share`: 0..1, of the rows looked at.
    """

    name: str
    type: str
    filled_share: float


@dataclass(frozen=True)
class Payload:
    """One batch of one sender's feed, every value still text.

    `period_start` is None for a platform's file, whose rows say their period by updated_at. `window_from` is None for
    period 1 (no lower bound) and for files. `is_whole`: the window reaches the period's end (files: always).
    `began_at` is the clock given to `fetch`.
    """

    sender_id: str
    feed: str
    period_start: date | None
    source_name: str  # path below the inbox, or the request's path ("v1/registrations"); never a secret
    payload_sha256: str
    bytes_count: int
    window_from: datetime | None
    window_to: datetime | None
    began_at: datetime
    is_whole: bool
    # Field names after the column map: first the contract's fields that were delivered, then `non_personal`, then
    # (table formats only) the unknown columns under their own names.
    header: tuple[str, ...]
    # The same columns as the sender named them, before the column map, unknown ones included: for messages.
    delivered_header: tuple[str, ...]
    # Columns outside the contract that a column map lists as non_personal, so that landing may keep their values.
    non_personal: tuple[str, ...] = ()
    # Columns to report: name, type, filled share. Full scan up to 20,000 rows, above that of a sample (JSON formats).
    unknown_columns: tuple[UnknownColumn, ...] = ()
    # The rows. They are raw and hold personal data: they may be handed to connections of memory.py alone.
    table: pa.Table = field(repr=False, compare=False, kw_only=True)
