"""Cells of a workbook whose value is lost: ids kept as numbers, and formulas that ended in an error.

Beyond 15 digits a number has lost its last ones, and nothing in it shows that: an id number typed into a cell of format
General becomes another number, in one case of eleven even a valid one. So such a cell is handed on as a spreadsheet
shows it, 4.20106199001010E+17, and an error as one too, instead of as nothing: the contract refuses both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.feeds import Field, Kind

ERROR = "#ERROR!"
# Where a text that is no such thing would land as if it were one: there an error stays nothing.
_LANDS_IN_PART = frozenset({Kind.PERSON_NAME, Kind.PHONE, Kind.CLIENT_IP})
_IDENTIFYING = frozenset({Kind.USCC, Kind.ID_NUMBER, Kind.PERSON_OR_BODY_ID})
_LONG = "^[0-9]{16,}$"
# Up to here every whole number has a floating-point number of its own.
_EXACT = 2**53
_MOST_DIGITS = 18  # of an int64


def may_be_an_id(field: Field) -> bool:
    """Whether digits in it are a name rather than an amount."""
    return field.kind in _IDENTIFYING or (field.kind is Kind.TEXT and not field.values)


def errors_by_column(errors: fastexcel.CellErrors | None) -> defaultdict[int, list[int]]:
    """Column -> rows of a sheet's cells that hold an error, both counted from 0, the header being row 0."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for error in errors.errors if errors is not None else ():
        row, column = error.position
        found[column].append(row)
    return found


def with_errors(texts: pa.Array, rows: Sequence[int], field: Field | None) -> pa.Array:
    """`texts` of a column below its header, with ERROR in the sheet's `rows`."""
    if not rows or field is None or field.kind in _LANDS_IN_PART:
        return texts
    are_errors = np.zeros(len(texts) + 1, bool)
    are_errors[list(rows)] = True
    return pc.if_else(pa.array(are_errors[1:]), ERROR, texts)


def as_shown(texts: pa.Array, column: int, are_numbers: Callable[[], pa.RecordBatch]) -> pa.Array:
    """`texts` of a column below its header, numbers beyond 2**53 in scientific notation; text cells as they are.

    `are_numbers` reads the sheet again, header included: a cell that is a text is null there, one that is a number not.
    """
    suspects = _suspects(texts)
    if not pc.any(suspects).as_py():
        return texts
    rounded = pc.and_(suspects, pc.is_valid(are_numbers().column(column).slice(1)))
    shown = pc.utf8_upper(pc.if_else(rounded, texts, None).cast(pa.float64()).cast(pa.string()))
    return pc.if_else(rounded, shown, texts)


def _suspects(texts: pa.Array) -> pa.Array:
    """Which texts are digits that a floating-point number beyond 2**53 would be written with."""
    are_long = pc.fill_null(pc.match_substring_regex(texts, _LONG), False)
    if not pc.any(are_long).as_py():
        return are_long
    are_whole = pc.and_(are_long, pc.fill_null(pc.less_equal(pc.utf8_length(texts), _MOST_DIGITS), False))
    whole = pc.if_else(are_whole, texts, None).cast(pa.int64())
    rounded = whole.cast(pa.float64(), safe=False).cast(pa.int64(), safe=False)
    are_rounded = pc.and_(pc.equal(whole, rounded), pc.greater(whole, _EXACT))
    return pc.if_else(are_whole, pc.fill_null(are_rounded, False), are_long)
