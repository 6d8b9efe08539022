"""Id numbers checked as whole columns: their shape and, of citizens', province, date of birth and check character."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.feeds import ID_TYPES
from orchestration.sources.texts import bytes_of

_PROVINCE_RANGES = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83), (91, 91))
PROVINCE_DIGITS = tuple(digits for first, last in _PROVINCE_RANGES for digits in range(first, last + 1))
CITIZEN_TYPES = ("resident_id", "residence_permit")
assert set(CITIZEN_TYPES) < set(ID_TYPES)

_LENGTH = 18
# GB 11643: the weights of the first 17 digits, and the check character by the weighted sum modulo 11.
_WEIGHTS = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), np.uint16)
_CHECK_CHARACTERS = np.frombuffer(b"10X98765432", np.uint8)
_ZERO = ord("0")
_OTHER_SHAPE = "^[A-Z0-9]{5,20}$"
_IS_PROVINCE = np.isin(np.arange(256), PROVINCE_DIGITS)
_DAYS_IN_MONTH = np.array((0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, *[0] * 87), np.uint8)
_FEBRUARY = 2


@dataclass(frozen=True)
class CheckedNumbers:
    """An element a number. `birth_years` and `are_men` hold of valid numbers of citizens alone."""

    are_valid: np.ndarray
    are_citizens: np.ndarray
    birth_years: np.ndarray
    are_men: np.ndarray


def check_numbers(id_types: pa.LargeStringArray, numbers: pa.LargeStringArray, today: date) -> CheckedNumbers:
    """Check numbers that are normalised already. `today` is the clock's day: nobody is born after it."""
    are_citizens = _mask(pc.is_in(id_types, pa.array(CITIZEN_TYPES, pa.large_string())))
    lengths = pc.binary_length(numbers).to_numpy(zero_copy_only=False)
    have_length = are_citizens & (lengths == _LENGTH)
    found = CheckedNumbers(
        are_valid=np.zeros(len(numbers), bool),
        are_citizens=are_citizens,
        birth_years=np.zeros(len(numbers), np.int16),
        are_men=np.zeros(len(numbers), bool),
    )
    others = pc.is_in(id_types, pa.array(sorted({*ID_TYPES} - {*CITIZEN_TYPES}), pa.large_string()))
    if pc.any(others).as_py():
        found.are_valid[:] = _mask(pc.and_(others, pc.match_substring_regex(numbers, _OTHER_SHAPE)))
    if have_length.any():
        ends, data = bytes_of(numbers.filter(pa.array(have_length)))
        characters = data[ends[0] : ends[-1]].reshape(-1, _LENGTH)
        found.are_valid[have_length], found.birth_years[have_length], found.are_men[have_length] = _citizens(
            characters, today
        )
    return found


def _citizens(characters: np.ndarray, today: date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(is valid, year of birth, is a man) of numbers as a matrix of 18 bytes each."""
    # A row for each of the places, so that what is done to a place is done to bytes side by side. Anything below the
    # zero wraps around to a number above 9.
    places = np.ascontiguousarray((characters - np.uint8(_ZERO)).T)
    have_shape = places[:17].max(axis=0) <= 9
    sums = np.zeros(len(characters), np.uint16)
    for place, weight in zip(places, _WEIGHTS, strict=False):
        sums += place * weight
    are_valid = have_shape & (_CHECK_CHARACTERS[sums % 11] == characters[:, 17])
    are_valid &= _IS_PROVINCE[_two(places, 0)]
    years = _two(places, 6).astype(np.int16) * np.int16(100) + _two(places, 8)
    months, days = _two(places, 10), _two(places, 12)
    are_valid &= _are_days(years, months, days)
    dates = years.astype(np.int32) * 10_000 + months.astype(np.int32) * 100 + days
    are_valid &= dates <= today.year * 10_000 + today.month * 100 + today.day
    return are_valid, years, places[16] % 2 == 1


def _two(places: np.ndarray, first: int) -> np.ndarray:
    """The numbers that two neighbouring places make."""
    return places[first] * np.uint8(10) + places[first + 1]


def _are_days(years: np.ndarray, months: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Whether they are days of the Gregorian calendar, from the year 1 on."""
    are_leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    last_days = _DAYS_IN_MONTH[np.minimum(months, 99)] + (are_leap & (months == _FEBRUARY))
    return (years > 0) & (days > 0) & (days <= last_days)


def _mask(condition: pa.BooleanArray) -> np.ndarray:
    """Of a null: false."""
    return pc.fill_null(condition, False).to_numpy(zero_copy_only=False)
