"""Columns read as a whole: where every text has the form that exports write, Arrow finds the values, and no fault.

What a text means and which faults it may have is said by contract_sql.py, text by text. This is its answer for columns
of one plain form, at a tenth of the time; a column with a single text of another form is not read here at all.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.checking.contract_sql import NUMBER_IN_PROSE, SPACES
from orchestration.sources.feeds import Field, Kind
from orchestration.sources.texts import bytes_of

_SHANGHAI_OFFSET = "+08:00"
_SHANGHAI_MICROSECONDS = 8 * 3600 * 1_000_000
_CODE = "[A-Za-z0-9]+"
_LIST_OF_CODES = f"^{_CODE}(;{_CODE})*$"
_JSON_LIST_OF_CODES = f'^\\["{_CODE}"(, ?"{_CODE}")*\\]$'
_USCC = "^[0-9A-Z]{18}$"
# Digits before and after the point that surely fit the landed decimal.
_DECIMALS = {
    Kind.MONEY: (r"^[0-9]{1,10}(\.[0-9]{1,2})?$", pa.decimal128(12, 2)),
    Kind.NUMBER: (r"^[0-9]{1,14}(\.[0-9]{1,4})?$", pa.decimal128(18, 4)),
}
_MOST_INTEGER_DIGITS = 18
_FEWEST_PHONE_DIGITS = 7


def are_trimmed(texts: pa.LargeStringArray) -> bool:
    """Whether every text begins and ends with something else than a space; false for an empty text too."""
    ends, data = bytes_of(texts)
    if not (np.diff(ends) > 0).all():
        return False
    outer = np.concatenate((data[ends[:-1]], data[ends[1:] - 1]))
    if ((outer > ord(" ")) & (outer < 0x7F)).all():
        return True
    return _all(pc.equal(pc.utf8_trim(texts, characters=SPACES), texts))


def are_phone_numbers(texts: pa.LargeStringArray) -> bool:
    """Whether every text is nothing but the digits of a whole number."""
    ends, data = bytes_of(texts)
    return bool((np.diff(ends) >= _FEWEST_PHONE_DIGITS).all() and _are_digits(data[ends[0] : ends[-1]]))


def read_whole(field: Field, texts: pa.LargeStringArray) -> pa.Array | None:
    """The landed values of trimmed texts, `texts` itself where they land as they are; None: to be read by SQL.

    A null stays one. Where values are returned, no text has any fault of its own (see contract_sql.faults_of_text).
    """
    match field.kind:
        case Kind.TEXT:
            if field.is_prose and pc.any(pc.match_substring_regex(texts, NUMBER_IN_PROSE)).as_py():
                return None
            are_known = _are_among(texts, field.values) if field.values else not _may_be_no_text(texts)
            return texts if are_known else None
        case Kind.TIMESTAMP:
            return _timestamps(texts)
        case Kind.DATE:
            return _cast(texts, pa.date32()) if _have_shape(texts, "1?????????") else None
        case Kind.INTEGER:
            return _within(field, _integers(texts))
        case Kind.MONEY | Kind.NUMBER:
            shape, decimal = _DECIMALS[field.kind]
            return _within(field, _cast(texts, decimal) if _match(texts, shape) else None)
        case Kind.BOOLEAN:
            return pc.equal(texts, "true") if _are_among(texts, ("true", "false")) else None
        case Kind.TEXT_LIST:
            return _lists(field, texts)
        case Kind.USCC:
            return texts if _match(texts, _USCC) else None
        case _:
            return None


def _may_be_no_text(texts: pa.LargeStringArray) -> bool:
    """Whether one of them may be what a spreadsheet leaves of a text, or an object or a list."""
    ends, data = bytes_of(texts)
    given = data[ends[0] : ends[-1]].tobytes()
    # One byte is looked for much faster than two.
    has_exponent = b"+" in given and (b"E+" in given or b"e+" in given)
    return has_exponent or any(sign in given for sign in (b"#", b"{", b"["))


def _timestamps(texts: pa.LargeStringArray) -> pa.Array | None:
    """Shanghai's wall time of texts with its offset. Digits and separators are those of ISO 8601, or Arrow refuses."""
    if not _have_shape(texts, f"1?????????T????????{_SHANGHAI_OFFSET}"):
        return None
    moments = _cast(texts, pa.timestamp("us", "UTC"))
    if moments is None:
        return None
    return pc.add(moments.cast(pa.int64()), _SHANGHAI_MICROSECONDS).cast(pa.timestamp("us"))


def _integers(texts: pa.LargeStringArray) -> pa.Array | None:
    ends, data = bytes_of(texts)
    lengths = np.diff(ends)
    is_plain = (lengths > 0).all() and (lengths <= _MOST_INTEGER_DIGITS).all() and _are_digits(data[ends[0] : ends[-1]])
    return _cast(texts, pa.int64()) if is_plain else None


def _lists(field: Field, texts: pa.LargeStringArray) -> pa.Array | None:
    distinct = pc.unique(texts).drop_null()
    if len(distinct) and _match(distinct, _JSON_LIST_OF_CODES):
        # As senders of CSV write them
        texts, distinct = (
            pc.replace_substring(pc.replace_substring_regex(each, r'[\[\]" ]', ""), ",", ";")
            for each in (texts, distinct)
        )
    if not _match(distinct, _LIST_OF_CODES):
        return None
    if field.values and not _are_among(pc.list_flatten(pc.split_pattern(distinct, ";")), field.values):
        return None
    return pc.split_pattern(texts, ";")


def _within(field: Field, values: pa.Array | None) -> pa.Array | None:
    """The values, if they keep the field's bounds."""
    if values is None or values.null_count == len(values):
        return values
    least, most = (Decimal(bound.as_py()) for bound in pc.min_max(values).values())
    is_too_small = field.at_least is not None and least < Decimal(str(field.at_least))
    is_too_large = field.at_most is not None and most > Decimal(str(field.at_most))
    is_not_above = field.above is not None and least <= Decimal(str(field.above))
    return None if is_too_small or is_too_large or is_not_above else values


def _cast(texts: pa.LargeStringArray, kind: pa.DataType) -> pa.Array | None:
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        # A 31st of June.
        return None


def _are_among(texts: pa.LargeStringArray, known: tuple[str, ...]) -> bool:
    return set(pc.unique(texts).drop_null().to_pylist()) <= set(known)


def _match(texts: pa.LargeStringArray, pattern: str) -> bool:
    return _all(pc.match_substring_regex(texts, pattern))


def _all(condition: pa.BooleanArray) -> bool:
    """Nulls aside; true of none."""
    return pc.all(condition, min_count=0).as_py()


def _have_shape(texts: pa.LargeStringArray, shape: str) -> bool:
    """Whether every text is as long as `shape`, has a digit from 1 on where it has its 1, and is alike elsewhere but
    for the question marks."""
    ends, data = bytes_of(texts)
    if not (np.diff(ends) == len(shape)).all():
        return False
    given = data[ends[0] : ends[-1]].reshape(-1, len(shape))
    for index, character in enumerate(shape):
        column = given[:, index]
        if character == "1":
            is_alike = bool((column - np.uint8(ord("1")) <= 8).all())
        else:
            is_alike = character == "?" or bool((column == ord(character)).all())
        if not is_alike:
            return False
    return True


def _are_digits(data: np.ndarray) -> bool:
    # Below the zero the difference wraps around to a large number.
    return bool((data - np.uint8(ord("0")) <= 9).all())
