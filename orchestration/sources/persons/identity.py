"""Persons on their way in: an id number is normalised, checked, and replaced by a keyed pseudonym.

    id_type, id_number of a batch's rows → normalised → checked → HMAC-SHA-256 → columns beside the rows

Everything is over whole columns, in memory.

    person_key = first 16 bytes of HMAC-SHA-256(key, utf8("{id_type}:{id_number}")), as a UUID
    person_sk  = its first 8 bytes, big-endian, without the sign bit
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.memory import memory_connection
from orchestration.sources.persons.id_numbers import check_numbers
from orchestration.sources.persons.pseudonyms import Pseudonymiser
from orchestration.sources.texts import as_texts, bytes_of

_FULL_WIDTH = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F))
_HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F)))
# Spaces of every script, and the invisible marks that spreadsheets and web forms leave in copied text.
_INVISIBLE = r"[\s\p{Z}\p{Cf}\x{0}-\x{1F}]+"

_WITHOUT_SIGN = 2**63 - 1
# Of a byte: whether it is a digit or a capital.
_IS_PLAIN = np.isin(np.arange(256), np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8))
# Compound surnames in use; elsewhere a surname is one character.
_COMPOUND_SURNAMES = """
    欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 夏侯
    轩辕 钟离 闻人 澹台 公冶 申屠 太叔 呼延 端木 南宫 独孤 百里 西门 东郭 拓跋
"""


class IdentityInvalidError(ValueError):
    """An id number that the contract would quarantine as identity_invalid. Its text never holds the number."""


def registration_sk_sql(sender_id: str, registration_id: str) -> str:
    """SQL of type BIGINT: registration_sk from the SQL of a sender's id and of its registration's id."""
    # The same as `md5_number_lower(...) & 9223372036854775807`, which takes five times as long: md5_number reads the
    # digest as a little-endian number, so its upper half is what md5_number_lower calls the lower one.
    bits = f"md5_number({sender_id} || chr(31) || {registration_id})"
    return f"(({bits} >> 64) & {_WITHOUT_SIGN}::UHUGEINT)::BIGINT"


def half_width_sql(text: str) -> str:
    """SQL: full-width letters, digits and signs as their half-width forms."""
    narrowed = f"translate({text}, '{_quoted(_FULL_WIDTH)}', '{_quoted(_HALF_WIDTH)}')"
    # Most values are plain already, and `translate` costs ten times this test.
    return f"CASE WHEN strlen({text}) = length({text}) THEN {text} ELSE {narrowed} END"


def normalised_sql(text: str) -> str:
    """SQL: an id number half-width, without any space or invisible mark, letters upper-case."""
    cleaned = f"upper(regexp_replace({half_width_sql(text)}, '{_INVISIBLE}', '', 'g'))"
    return f"CASE WHEN regexp_full_match({text}, '[0-9A-Z]+') THEN {text} ELSE {cleaned} END"


def masked_name_sql(name: str) -> str:
    """SQL: surname and `*`. A name without a known compound surname keeps its first character only."""
    compound = ", ".join(f"'{surname}'" for surname in _COMPOUND_SURNAMES.split())
    surname_length = f"CASE WHEN length({name}) > 2 AND left({name}, 2) IN ({compound}) THEN 2 ELSE 1 END"
    return f"left({name}, {surname_length}) || '*'"


def last_digits_sql(phone: str) -> str:
    """SQL: a phone's last four digits; null where they would be most of the number, or where they are lost.

    A column of numbers with gaps is exported as 13800138000.0 by some programs, as 1.38001E+10 by others.
    """
    written = f"regexp_replace({half_width_sql(phone)}, '\\.0+$', '')"
    told = f"CASE WHEN NOT regexp_matches({written}, '[0-9][eE]') THEN {written} END"
    digits = f"regexp_replace({told}, '[^0-9]', '', 'g')"
    # Most are digits and nothing else, and `regexp_replace` costs twice this test.
    is_plain = f"regexp_full_match({phone}, '[0-9]{{7,}}')"
    return f"CASE WHEN {is_plain} THEN right({phone}, 4) WHEN length({digits}) >= 7 THEN right({digits}, 4) END"


def persons(id_types: pa.Array, numbers: pa.Array, today: date, pseudonymiser: Pseudonymiser) -> pa.Table:
    """Whom each number names: person_key UUID, person_sk BIGINT, birth_year SMALLINT, sex VARCHAR; a row a number.

    All null where there is no number, or one that is no valid one of its type; year and sex are null of a passport.
    `today` is the clock's day: nobody is born after it.
    """
    id_types, numbers = as_texts(id_types), _normalised(as_texts(numbers))
    found = check_numbers(id_types, numbers, today)
    messages = pc.binary_join_element_wise(id_types, numbers, pa.scalar(":", numbers.type))
    if found.are_valid.all():
        keys = pseudonymiser.keys(messages)
    else:
        places = pa.array(np.cumsum(found.are_valid) - 1, mask=~found.are_valid)
        keys = pseudonymiser.keys(messages.filter(pa.array(found.are_valid))).take(places)
    tells_nothing = ~(found.are_valid & found.are_citizens)
    return pa.table(
        {
            "person_key": keys,
            "person_sk": _surrogates(keys),
            "birth_year": pa.array(found.birth_years, mask=tells_nothing),
            "sex": pc.if_else(pa.array(found.are_men, mask=tells_nothing), "male", "female"),
        }
    )


def _surrogates(keys: pa.UuidArray) -> pa.Int64Array:
    """Of each key its first 8 bytes, big-endian, without the sign bit."""
    _, data = keys.storage.buffers()
    halves = np.frombuffer(data, ">u8")[::2][keys.offset : keys.offset + len(keys)]
    return pa.array((halves & np.uint64(_WITHOUT_SIGN)).astype(np.int64), mask=np.asarray(keys.is_null()))


def _normalised(numbers: pa.LargeStringArray) -> pa.LargeStringArray:
    ends, data = bytes_of(numbers)
    if _IS_PLAIN[data[ends[0] : ends[-1]]].all():
        return numbers
    with memory_connection() as connection:
        given = connection.from_arrow(pa.table({"number": numbers}))
        return as_texts(given.project(f"{normalised_sql('number')} AS number").to_arrow_table()["number"])


def person_key_of(id_type: str, id_number: str, today: date, key: bytes) -> UUID:
    """The person_key of one person, by the same way as a whole batch. Raises IdentityInvalidError."""
    found = persons(pa.array([id_type]), pa.array([id_number]), today, Pseudonymiser.of(key))
    (person_key,) = found["person_key"].to_pylist()
    if person_key is None:
        raise IdentityInvalidError(f"not a valid {id_type}")
    return person_key


def _quoted(text: str) -> str:
    return text.replace("'", "''")
