"""Persons on their way in: an id number is normalised, checked, and replaced by a keyed pseudonym.

    distinct (id_type, id_number) of a batch → normalised → checked → HMAC-SHA-256 → joined back by the contract

Everything is over whole columns, in memory.

    person_key = first 16 bytes of HMAC-SHA-256(key, utf8("{id_type}:{id_number}")), as a UUID
    person_sk  = its first 8 bytes, big-endian, without the sign bit
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from uuid import UUID

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.id_numbers import check_numbers
from orchestration.sources.pseudonyms import Pseudonymiser
from orchestration.sources.texts import as_texts, bytes_of

_FULL_WIDTH = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F))
_HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F)))
# Spaces of every script, and the invisible marks that spreadsheets and web forms leave in copied text.
_INVISIBLE = r"[\s\p{Z}\p{Cf}\x{0}-\x{1F}]+"

# SQL of type BIGINT: the first half of an unsigned 128-bit number, without its sign bit.
_LEADING_BITS = "(({bits} >> 64) & 9223372036854775807::UHUGEINT)::BIGINT"
# Several threads share what is more than this; smaller pieces cost more by the row.
_KEYED_AT_ONCE = 100_000
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
    return _LEADING_BITS.format(bits=f"md5_number({sender_id} || chr(31) || {registration_id})")


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


def create_identities(
    connection: duckdb.DuckDBPyConnection, target: str, distinct_ids: str, today: date, pseudonymiser: Pseudonymiser
) -> int:
    """Make table `target` of the valid ones among `distinct_ids`, SQL of rows (id_type, id_number); how many are not.

    Columns: id_type, id_number (both as given), person_key UUID, person_sk BIGINT, birth_year SMALLINT, sex VARCHAR.
    `today` is the clock's day: nobody is born after it. As many threads work as the connection may use.
    """
    asked = connection.sql(f"SELECT id_type, id_number, id_number AS number FROM ({distinct_ids})").to_arrow_table()
    asked = _normalised(connection, asked)
    pieces = [asked.slice(start, _KEYED_AT_ONCE) for start in range(0, max(asked.num_rows, 1), _KEYED_AT_ONCE)]
    with ThreadPoolExecutor(_threads(connection)) as pool:
        people = pa.concat_tables(pool.map(partial(_people, today=today, pseudonymiser=pseudonymiser), pieces))
    connection.register("people", people)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {target} AS
        SELECT id_type, id_number, person_key, {_LEADING_BITS.format(bits="person_key::UHUGEINT")} AS person_sk,
            birth_year, sex
        FROM people
        """
    )
    connection.unregister("people")
    return asked.num_rows - people.num_rows


def _people(asked: pa.Table, today: date, pseudonymiser: Pseudonymiser) -> pa.Table:
    """The valid ones of `asked` (id_type, id_number, number normalised), keyed, with what a number tells."""
    id_types, numbers = as_texts(asked["id_type"]), as_texts(asked["number"])
    found = check_numbers(id_types, numbers, today)
    people = asked.select(["id_type", "id_number"])
    people = people.append_column("birth_year", pa.array(found.birth_years, mask=~found.are_citizens))
    sex = pc.if_else(pa.array(found.are_men, mask=~found.are_citizens), "male", "female")
    people = people.append_column("sex", sex)
    messages = pc.binary_join_element_wise(id_types, numbers, pa.scalar(":", numbers.type))
    are_valid = pa.array(found.are_valid)
    return pseudonymiser.with_keys(people.filter(are_valid), messages.filter(are_valid), "person_key")


def _threads(connection: duckdb.DuckDBPyConnection) -> int:
    ((threads,),) = connection.execute("SELECT current_setting('threads')").fetchall()
    return threads


def _normalised(connection: duckdb.DuckDBPyConnection, asked: pa.Table) -> pa.Table:
    """The same rows in any order, `number` normalised."""
    ends, data = bytes_of(as_texts(asked["number"]))
    if _IS_PLAIN[data[ends[0] : ends[-1]]].all():
        return asked
    normalised = f"id_type, id_number, {normalised_sql('number')} AS number"
    return connection.from_arrow(asked).project(normalised).to_arrow_table()


def person_key_of(id_type: str, id_number: str, today: date, key: bytes) -> UUID:
    """The person_key of one person, by the same SQL as a whole batch. Raises IdentityInvalidError."""
    with duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""}) as connection:
        connection.execute("CREATE TEMP TABLE asked AS SELECT $1 AS id_type, $2 AS id_number", [id_type, id_number])
        create_identities(connection, "found", "FROM asked", today, Pseudonymiser.of(key))
        row = connection.execute("SELECT person_key FROM found").fetchone()
    if row is None:
        raise IdentityInvalidError(f"not a valid {id_type}")
    return row[0]


def _quoted(text: str) -> str:
    return text.replace("'", "''")
