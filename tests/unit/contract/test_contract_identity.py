"""Identity: which id numbers are taken, and what becomes of them. Expected keys come from Python's own hmac."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, timedelta
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payload_fakes import KEY, MAN, WOMAN

from orchestration.sources.persons.id_numbers import PROVINCE_DIGITS
from orchestration.sources.persons.identity import (
    IdentityInvalidError,
    half_width_sql,
    last_digits_sql,
    masked_name_sql,
    person_key_of,
    persons,
)
from orchestration.sources.persons.pseudonyms import Pseudonymiser

TODAY = date(2020, 7, 10)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def expected_key(id_type: str, id_number: str, key: bytes = KEY) -> UUID:
    return UUID(bytes=hmac.new(key, f"{id_type}:{id_number}".encode(), hashlib.sha256).digest()[:16])


def with_check_digit(seventeen: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, WEIGHTS, strict=True))
    return seventeen + "10X98765432"[total % 11]


def looked_up(pairs: list[tuple[str, str]], today: date = TODAY, key: bytes = KEY) -> dict[str, tuple]:
    """Of each number that names somebody: person_key, person_sk, birth_year, sex."""
    id_types, numbers = (pa.array(values, pa.large_string()) for values in zip(*pairs, strict=True))
    found = persons(id_types, numbers, today, Pseudonymiser.of(key))
    rows = zip(*(column.to_pylist() for column in found.columns), strict=True)
    return {number: row for (_, number), row in zip(pairs, rows, strict=True) if row[0] is not None}


def test_a_resident_gets_key_surrogate_birth_year_and_sex():
    found = looked_up([("resident_id", WOMAN), ("resident_id", MAN)])
    for number, year, sex in ((WOMAN, 1990, "female"), (MAN, 1985, "male")):
        key = expected_key("resident_id", number)
        surrogate = int.from_bytes(key.bytes[:8], "big") & (2**63 - 1)
        assert found[number] == (key, surrogate, year, sex)


def test_a_check_digit_of_ten_is_written_x_in_either_case_and_width():
    number = "11010519491231002X"
    variants = [number, "11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002ｘ"]
    found = looked_up([("resident_id", text) for text in variants])
    assert {row[0] for row in found.values()} == {expected_key("resident_id", number)}
    assert set(found) == set(variants)


@pytest.mark.parametrize(
    "text",
    [
        f" {WOMAN} ",
        f"\t{WOMAN}\r\n",
        f"{WOMAN[:6]} {WOMAN[6:14]} {WOMAN[14:]}",
        f"\u3000{WOMAN}\u00a0",
        f"\ufeff{WOMAN[:9]}\u200b{WOMAN[9:]}",
    ],
)
def test_spaces_and_invisible_marks_do_not_make_another_person(text):
    assert looked_up([("resident_id", text)])[text][0] == expected_key("resident_id", WOMAN)


@pytest.mark.parametrize(
    ("id_type", "text"),
    [
        ("resident_id", "420106900101002"),  # 15 digits, the old form
        ("resident_id", WOMAN[:-1]),
        ("resident_id", WOMAN + "0"),
        ("resident_id", WOMAN[:-1] + "9"),  # check digit
        ("resident_id", with_check_digit("16010619900101002")),  # no province 16
        ("resident_id", with_check_digit("42010619900230002")),  # 30 February
        ("resident_id", with_check_digit("42010619901301002")),  # month 13
        ("resident_id", with_check_digit("42010600000101002")),  # year 0
        ("resident_id", with_check_digit("42010620200711002")),  # born tomorrow
        ("resident_id", "X" + WOMAN[1:]),
        ("resident_id", "42010619900101-028"),
        ("resident_id", ""),
        ("residence_permit", "H12345678"),
        ("residence_permit", WOMAN[:-1] + "9"),
        ("passport", "E123"),
        ("passport", "E" * 21),
        ("passport", "E1234-5678"),
        ("passport", "护照12345"),
        ("driving_licence", WOMAN),
    ],
)
def test_what_is_no_valid_number_finds_nobody(id_type, text):
    assert looked_up([(id_type, text)]) == {}
    with pytest.raises(IdentityInvalidError) as raised:
        person_key_of(id_type, text, TODAY, KEY)
    assert not text or text not in str(raised.value)


def test_someone_born_today_is_taken_and_someone_born_tomorrow_is_not():
    today, tomorrow = with_check_digit("42010620200710002"), with_check_digit("42010620200711002")
    assert set(looked_up([("resident_id", today), ("resident_id", tomorrow)])) == {today}


def test_a_leap_day_is_real_only_in_a_leap_year():
    leap, common = with_check_digit("42010620000229002"), with_check_digit("42010619000229002")
    assert set(looked_up([("resident_id", leap), ("resident_id", common)])) == {leap}


def test_a_residence_permit_is_checked_like_a_resident_id_and_is_another_person():
    permit = with_check_digit("81000019900101002")
    found = looked_up([("residence_permit", permit)])
    assert found[permit][0] == expected_key("residence_permit", permit) != expected_key("resident_id", permit)
    assert found[permit][2:] == (1990, "female")


def test_a_passport_is_upper_cased_and_says_neither_year_nor_sex():
    assert looked_up([("passport", "e1234 5678")])["e1234 5678"] == (
        expected_key("passport", "E12345678"),
        int.from_bytes(expected_key("passport", "E12345678").bytes[:8], "big") & (2**63 - 1),
        None,
        None,
    )


def test_every_listed_province_is_taken_and_no_other():
    numbers = {digits: with_check_digit(f"{digits:02d}010619900101002") for digits in range(100)}
    found = looked_up([("resident_id", number) for number in numbers.values()])
    listed = (
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91"
    )
    assert {digits for digits, number in numbers.items() if number in found} == {int(d) for d in listed.split()}


@settings(max_examples=60, deadline=None)
@given(
    province=st.sampled_from(PROVINCE_DIGITS),
    county=st.integers(0, 9999),
    born=st.dates(date(1900, 1, 1), TODAY),
    order=st.integers(0, 999),
    position=st.integers(0, 17),
    shift=st.integers(1, 9),
)
def test_any_single_wrong_digit_is_refused(province, county, born, order, position, shift):
    """GB 11643's check digit finds every mistake in one place; the right number is always taken."""
    number = with_check_digit(f"{province}{county:04d}{born:%Y%m%d}{order:03d}")
    old = number[position]
    new = str((int(old) + shift) % 10) if old != "X" else str(shift)
    wrong = number[:position] + new + number[position + 1 :]
    found = looked_up([("resident_id", number), ("resident_id", wrong)])
    assert set(found) == {number}
    assert found[number][2:] == (born.year, "male" if order % 2 else "female")


@settings(max_examples=30, deadline=None)
@given(
    days=st.integers(-400, 400),
    text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=24),
)
def test_no_text_of_any_kind_raises(days, text):
    for id_type in ("resident_id", "residence_permit", "passport"):
        looked_up([(id_type, text)], TODAY + timedelta(days=days))


def test_rows_keep_their_order_beside_rows_without_a_number_or_a_valid_one():
    numbers = [WOMAN, None, MAN, WOMAN[:-1] + "9", "", f" {WOMAN} ", MAN]
    id_types = ["resident_id", "resident_id", "resident_id", "resident_id", None, "resident_id", "passport"]
    found = persons(pa.array(id_types), pa.array(numbers), TODAY, Pseudonymiser.of(KEY)).to_pylist()
    woman, man = expected_key("resident_id", WOMAN), expected_key("resident_id", MAN)
    traveller = expected_key("passport", MAN)
    assert [row["person_key"] for row in found] == [woman, None, man, None, None, woman, traveller]
    assert [row["birth_year"] for row in found] == [1990, None, 1985, None, None, 1990, None]
    assert [row["sex"] for row in found] == ["female", None, "male", None, None, "female", None]
    assert [row["person_sk"] is None for row in found] == [row["person_key"] is None for row in found]


def test_no_rows_name_nobody():
    assert persons(pa.array([], pa.string()), pa.array([], pa.string()), TODAY, Pseudonymiser.of(KEY)).num_rows == 0


def test_another_key_makes_other_persons_and_a_long_key_is_hashed_first():
    number = WOMAN
    assert person_key_of("resident_id", number, TODAY, b"k" * 32) == expected_key("resident_id", number, b"k" * 32)
    assert person_key_of("resident_id", number, TODAY, b"k" * 100) == expected_key("resident_id", number, b"k" * 100)


def evaluated(expression: str, text: str) -> str | None:
    with duckdb.connect(":memory:") as connection:
        return connection.execute(f"SELECT {expression} FROM (SELECT $1 AS text)", [text]).fetchone()[0]


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王小明", "王*"),
        ("李", "李*"),
        ("欧阳修", "欧阳*"),
        ("欧阳", "欧*"),
        ("司马相如", "司马*"),
        ("买买提·艾力", "买*"),
        ("Anna Smith", "A*"),
    ],
)
def test_a_name_keeps_its_surname_only(name, masked):
    assert evaluated(masked_name_sql("text"), name) == masked


@pytest.mark.parametrize(
    ("phone", "last"),
    [
        ("13800138001", "8001"),
        ("+86 138-0013-8001", "8001"),
        ("１３８００１３８００１", "8001"),
        ("0278765432", "5432"),
        ("13800138001.0", "8001"),  # a column of numbers with gaps, as it is often exported
        ("1.38001E+10", None),  # its last digits are lost
        ("1.3800138001e10", None),
        ("12345", None),  # four of five digits would be nearly all of it
        ("无", None),
    ],
)
def test_a_phone_keeps_its_last_four_digits(phone, last):
    assert evaluated(last_digits_sql("text"), phone) == last


def test_full_width_signs_narrow_and_others_stay():
    assert evaluated(half_width_sql("text"), "Ａ１＊'é中") == "A1*'é中"
