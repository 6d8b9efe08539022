"""Ids that a workbook keeps as numbers: beyond 15 digits the last ones are lost, and nothing in the number shows it.

An id number typed into a cell of format General becomes another number, in one case of eleven even a valid one. So
such a cell is handed on as a spreadsheet shows it, 4.20106199001010E+17, which is no id to any contract.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.feeds import Field, Kind

_IDENTIFYING = frozenset({Kind.USCC, Kind.ID_NUMBER, Kind.PERSON_OR_BODY_ID})
_LONG = "^[0-9]{16,}$"
# Up to here every whole number has a floating-point number of its own.
_EXACT = 2**53
_MOST_DIGITS = 18  # of an int64


def may_be_an_id(field: Field) -> bool:
    """Whether digits in it are a name rather than an amount."""
    return field.kind in _IDENTIFYING or (field.kind is Kind.TEXT and not field.values)


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
