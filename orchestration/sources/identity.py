"""Persons on their way in: an id number is normalised, checked, and replaced by a keyed pseudonym.

    distinct (id_type, id_number) of a batch → normalised → checked → HMAC-SHA-256 → joined back by the contract

Everything is over whole columns, in memory. DuckDB's own SHA-256 runs beside other threads, which Python's can't; the
key reaches it as a bound parameter, never as SQL text.

    person_key = first 16 bytes of HMAC-SHA-256(key, utf8("{id_type}:{id_number}")), as a UUID
    person_sk  = its first 8 bytes, big-endian, without the sign bit
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.id_numbers import check_numbers
from orchestration.sources.texts import as_texts

_FULL_WIDTH = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F))
_HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F)))
# Spaces of every script, and the invisible marks that spreadsheets and web forms leave in copied text.
_INVISIBLE = r"[\s\p{Z}\p{Cf}\x{0}-\x{1F}]+"

_HMAC_BLOCK_BYTES = 64
_HASHED_AT_ONCE = 20_000
# SQL of type BIGINT: the first half of an unsigned 128-bit number, without its sign bit.
_LEADING_BITS = "(({bits} >> 64) & 9223372036854775807::UHUGEINT)::BIGINT"
# Compound surnames in use; elsewhere a surname is one character.
_COMPOUND_SURNAMES = """
    欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 夏侯
    轩辕 钟离 闻人 澹台 公冶 申屠 太叔 呼延 端木 南宫 独孤 百里 西门 东郭 拓跋
"""


class IdentityInvalidError(ValueError):
    """An id number that the contract would quarantine as identity_invalid. Its text never holds the number."""


@dataclass(frozen=True)
class Pseudonymiser:
    """HMAC-SHA-256 with one key, as SQL. `repr` shows no key.

    The two blocks are the key as HMAC pads it: SHA-256(outer || SHA-256(inner || message)).
    """

    inner_block: bytes
    outer_block: bytes
    key_id: str

    def __repr__(self) -> str:
        return f"Pseudonymiser(key_id={self.key_id!r})"

    @classmethod
    def of(cls, key: bytes) -> Pseudonymiser:
        """For a key of at most 64 bytes as it is, of a longer one its SHA-256, as RFC 2104 says.

        `key_id` names the key in the ledger without giving it away: 16 hex digits of its own HMAC over a fixed text.
        """
        block = hashlib.sha256(key).digest() if len(key) > _HMAC_BLOCK_BYTES else key
        block = block.ljust(_HMAC_BLOCK_BYTES, b"\0")
        return cls(
            inner_block=bytes(byte ^ 0x36 for byte in block),
            outer_block=bytes(byte ^ 0x5C for byte in block),
            key_id=hmac.new(key, b"key_id", hashlib.sha256).hexdigest()[:16],
        )

    @property
    def parameters(self) -> dict[str, bytes]:
        """What to bind wherever `key_sql` stands in a statement."""
        return {"inner_block": self.inner_block, "outer_block": self.outer_block}


def key_sql(message: str) -> str:
    """SQL of type UUID: the first 128 bits of the HMAC over the text that the SQL `message` yields."""
    return f"{_hmac_hex_sql(message)}::UUID"


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
    `today` is the clock's day: nobody is born after it.
    """
    asked = connection.sql(f"SELECT id_type, id_number, id_number AS number FROM ({distinct_ids})").to_arrow_table()
    asked = _normalised(connection, asked)
    found = check_numbers(as_texts(asked["id_type"]), as_texts(asked["number"]), today)
    about = {
        "birth_year": pa.array(found.birth_years, mask=~found.are_citizens),
        "sex": pc.if_else(pa.array(found.are_men, mask=~found.are_citizens), "male", "female"),
    }
    people = pa.table({**dict(zip(asked.column_names, asked.columns, strict=True)), **about})
    people = people.filter(pa.array(found.are_valid))
    # In pieces, so that threads may share them.
    connection.register("people", pa.Table.from_batches(people.to_batches(_HASHED_AT_ONCE), people.schema))
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {target} AS
        SELECT id_type, id_number, person_key, {_LEADING_BITS.format(bits="person_key::UHUGEINT")} AS person_sk,
            birth_year, sex
        FROM (SELECT *, {key_sql("id_type || ':' || number")} AS person_key FROM people)
        """,
        pseudonymiser.parameters,
    )
    connection.unregister("people")
    return asked.num_rows - people.num_rows


def _normalised(connection: duckdb.DuckDBPyConnection, asked: pa.Table) -> pa.Table:
    """The same rows in any order, `number` normalised."""
    if pc.all(pc.match_substring_regex(asked["number"], "^[0-9A-Z]+$"), min_count=0).as_py():
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


def _hmac_hex_sql(message: str) -> str:
    inner = f"unhex(sha256($inner_block::BLOB || encode({message})))"
    return f"left(sha256($outer_block::BLOB || {inner}), 32)"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
