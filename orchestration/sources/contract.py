"""The contract: a payload's rows become landed rows or refused ones, each refusal with every reason that holds.

    payload.open → incoming (text, trimmed) → identities of the distinct persons → checked (values, a fault mask a row)

Everything is whole columns in an in-memory connection that never spills to disk, since the text holds personal data.
Two things stop a batch as a whole: a missing required column, and a column whose type has flipped. No message holds a
value.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from orchestration.calendar import Period, period_of
from orchestration.settings import SHANGHAI
from orchestration.sources import contract_sql as sql
from orchestration.sources.contract_sql import Fault, Reason
from orchestration.sources.errors import PermanentSourceError
from orchestration.sources.feeds import FEEDS, ID_TYPES, PERSONAL_KINDS, Feed, Kind
from orchestration.sources.identity import Pseudonymiser, create_identities, key_sql
from orchestration.sources.payload import MALFORMED, POSITION, Payload

# The field named for a row that could not be read at all.
WHOLE_ROW = "_row"
# A type has flipped when no value of a column can be read: at least this many, and at least half of the rows.
FLIPPED_AT_LEAST = 2
# From about here on (some thousand rows) running a statement takes longer than planning it.
_MANY_BYTES = 1_000_000
# A fault mask is an unsigned 64-bit integer.
_MOST_FAULTS = 64
# A header cell that looks like a value is a file without a header: six digits in a row begin an id number or a phone.
_LOOKS_LIKE_A_VALUE = re.compile(r"[0-9０-９]{6}|^.{65,}$", re.DOTALL)


class ContractError(PermanentSourceError):
    """The batch as a whole breaks the contract; nothing of it is landed. The message lists both header sets."""


@dataclass(frozen=True)
class Terms:
    """What the contract needs to know of the deployment: the clock, the calendar's periods in order, the pseudonyms."""

    now: datetime
    periods: tuple[Period, ...]
    pseudonymiser: Pseudonymiser

    @property
    def today(self) -> date:
        return self.now.astimezone(SHANGHAI).date()


@dataclass(frozen=True)
class CheckedBatch:
    """What `check` left in the connection.

    Table `checked`: one row for each delivered row, with the landed columns and `_faults`, a mask over `faults` (0: the
    row may land). Table `incoming`: the same rows as text, t_<field> and x_<n> for the columns outside the contract.
    `periods`: first day -> (rows to land, rows refused).
    """

    payload: Payload
    feed: Feed
    faults: tuple[Fault, ...]
    outside_columns: tuple[str, ...]
    periods: dict[date, tuple[int, int]]

    @property
    def rows_count(self) -> int:
        return sum(landed for landed, _ in self.periods.values())

    @property
    def refused_rows_count(self) -> int:
        return sum(refused for _, refused in self.periods.values())


@contextmanager
def open_workspace(memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may hold raw rows: in memory, no spilling, no extension from the network, one thread (many work
    side by side), Shanghai as its time zone. Its temporary tables go when it closes."""
    connection = _database(memory_limit).cursor()
    try:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        yield connection
    finally:
        connection.close()


_databases = threading.local()


def _database(memory_limit: str) -> duckdb.DuckDBPyConnection:
    """This thread's own in-memory database: making one takes longer than a small batch."""
    known: dict[str, duckdb.DuckDBPyConnection] = _databases.__dict__
    if memory_limit not in known:
        known[memory_limit] = duckdb.connect(
            ":memory:",
            config={
                "threads": 1,
                "temp_directory": "",
                "memory_limit": memory_limit,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
    return known[memory_limit]


def check(connection: duckdb.DuckDBPyConnection, payload: Payload, terms: Terms) -> CheckedBatch:
    """Check every row of `payload` and leave the outcome in `connection` (see CheckedBatch).

    Raises ContractError for what stops the batch, PermanentSourceError when the payload can't be read or is too big.
    """
    feed = FEEDS[payload.feed]
    _check_header(payload, feed)
    faults = (Fault(WHOLE_ROW, Reason.BAD_TYPE, f"{MALFORMED} IS NOT NULL"), *sql.faults(feed, payload.period_start))
    faults = (*faults, *_identity_fault(feed), Fault(",".join(feed.key), Reason.DUPLICATE_KEY_IN_BATCH, "false"))
    assert len(faults) <= _MOST_FAULTS
    outside = tuple(name for name in payload.header if name not in {field.name for field in feed.fields})
    try:
        _take_in(connection, payload, feed, outside)
        _identify(connection, feed, terms)
        _create_checked(connection, payload, feed, faults, outside, terms)
        periods = dict(_count_by_period(connection))
        if any(refused for _, refused in periods.values()):
            _check_types(connection, payload, feed, faults)
        if _has_repeats(connection, feed):
            _refuse_conflicting_repeats(connection, feed, bit=len(faults) - 1)
            periods = dict(_count_by_period(connection))
        return CheckedBatch(payload, feed, faults, outside, periods)
    except duckdb.Error as error:
        failure = _unreadable(payload, error)
    # Outside the handler: an error keeps the one it was raised under, and DuckDB's quotes the row it failed on.
    raise failure


def _check_header(payload: Payload, feed: Feed) -> None:
    if not payload.header:
        # JSON without a single row: there are no columns to miss.
        return
    if missing := [name for name in feed.required_names if name not in payload.header]:
        message = f"missing required column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise _contract_error(payload, feed, message, missing[0])


def _contract_error(payload: Payload, feed: Feed, message: str, field: str) -> ContractError:
    expected = ", ".join(field.name + ("!" if field.required else "") for field in feed.fields)
    both = f"delivered columns: {_shown(payload, feed)}; expected (! = required): {expected}"
    return ContractError(payload.sender_id, payload.feed, payload.source_name, f"{message}; {both}", field)


def _shown(payload: Payload, feed: Feed) -> str:
    """The delivered header, unless its cells look like a row's: a file without a header must not end up in a log."""
    if not {field.name for field in feed.fields} & set(payload.header):
        return f"{len(payload.delivered_header)} cells, none of which names a field: is the header line missing?"
    return ", ".join("(looks like a value)" if _LOOKS_LIKE_A_VALUE.search(n) else n for n in payload.delivered_header)


def _unreadable(payload: Payload, error: duckdb.Error) -> PermanentSourceError:
    if isinstance(error, duckdb.OutOfMemoryException):
        message = f"{payload.bytes_count} bytes are more than fit in memory; raise WAREHOUSE_MEMORY_LIMIT or send parts"
    else:
        message = f"can't be read as its format says ({type(error).__name__})"
    return PermanentSourceError(payload.sender_id, payload.feed, payload.source_name, message)


def _take_in(connection: duckdb.DuckDBPyConnection, payload: Payload, feed: Feed, outside: tuple[str, ...]) -> None:
    relation = payload.open(connection)
    is_for_many = payload.bytes_count > _MANY_BYTES
    columns = [POSITION, MALFORMED]
    for field in feed.fields:
        is_given = field.name in payload.header
        text = sql.trimmed_sql(sql.quote(field.name), is_for_many=is_for_many) if is_given else "NULL::VARCHAR"
        columns.append(f"{text} AS {sql.text_column(field)}")
    columns += [f"{sql.quote(name)} AS x_{number}" for number, name in enumerate(outside)]
    relation.create_view("delivered", replace=True)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {', '.join(columns)} FROM delivered")


def _identify(connection: duckdb.DuckDBPyConnection, feed: Feed, terms: Terms) -> None:
    if person := sql.person_sql(feed):
        id_type, id_number, _ = person
        distinct = f"SELECT DISTINCT {id_type} AS id_type, {id_number} AS id_number FROM incoming"
        create_identities(
            connection, "identities", f"{distinct} WHERE {id_number} IS NOT NULL", terms.today, terms.pseudonymiser
        )
    if _has(feed, Kind.CLIENT_IP):
        key = key_sql("'client_ip:' || lower(t_client_ip)")
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE addresses AS
            SELECT t_client_ip AS client_ip, {key} AS client_ip_key
            FROM (SELECT DISTINCT t_client_ip FROM incoming WHERE t_client_ip IS NOT NULL)
            """,
            terms.pseudonymiser.parameters,
        )


def _create_checked(
    connection: duckdb.DuckDBPyConnection,
    payload: Payload,
    feed: Feed,
    faults: tuple[Fault, ...],
    outside: tuple[str, ...],
    terms: Terms,
) -> None:
    plain = [field for field in feed.fields if field.kind not in PERSONAL_KINDS]
    values = [f"{sql.value_sql(field)} AS {sql.value_column(field)}" for field in plain]
    landed = [f"{sql.value_column(field)} AS {sql.quote(field.name)}" for field in plain]
    landed += [f"{text} AS {name}" for name, text in sql.derived_sql(feed, payload.sender_id).items()]
    if payload.period_start is not None:
        period = f"DATE '{payload.period_start}'"
    else:
        clocks_period = period_of(list(terms.periods), terms.today).start
        starts = [period.start for period in terms.periods]
        period = sql.period_sql(sql.VALUE_PREFIX + feed.version_field, starts, clocks_period)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE checked AS
        SELECT
            {POSITION},
            {period} AS _period_start,
            {", ".join(landed)},
            {_extra_sql(outside, payload.non_personal)} AS _extra,
            {_mask_sql(faults)} AS _faults
        FROM (SELECT *, {", ".join(values)} FROM incoming)
        {_joins_sql(feed)}
        """
    )


def _joins_sql(feed: Feed) -> str:
    joins = []
    if person := sql.person_sql(feed):
        id_type, id_number, _ = person
        joins.append(f"LEFT JOIN identities p ON p.id_type = {id_type} AND p.id_number = {id_number}")
    if _has(feed, Kind.CLIENT_IP):
        joins.append("LEFT JOIN addresses a ON a.client_ip = t_client_ip")
    return " ".join(joins)


def _identity_fault(feed: Feed) -> Iterable[Fault]:
    person = sql.person_sql(feed)
    if person is None:
        return
    id_type, id_number, is_person = person
    name = id_number.removeprefix(sql.TEXT_PREFIX)
    # A type outside the list says nothing about the number; it has its own reason.
    is_invalid = f"{id_number} IS NOT NULL AND {id_type} IN {ID_TYPES} AND p.person_key IS NULL"
    yield Fault(name, Reason.IDENTITY_INVALID, f"if({is_person}, {is_invalid}, p.person_key IS NOT NULL)")


def _mask_sql(faults: tuple[Fault, ...]) -> str:
    bits = [f"if({fault.condition}, {1 << number}::UBIGINT, 0::UBIGINT)" for number, fault in enumerate(faults)]
    # A row that couldn't be read has no fields to judge.
    return f"CASE WHEN {MALFORMED} IS NOT NULL THEN 1::UBIGINT ELSE {' | '.join(bits[1:])} END"


def _extra_sql(outside: tuple[str, ...], non_personal: tuple[str, ...]) -> str:
    kept = [(number, name) for number, name in enumerate(outside) if name in non_personal]
    if not kept:
        return "NULL::VARCHAR"
    pairs = ", ".join(f"{sql.literal(name)}, x_{number}" for number, name in kept)
    is_filled = " OR ".join(f"x_{number} IS NOT NULL" for number, _ in kept)
    return f"CASE WHEN {is_filled} THEN json_object({pairs})::VARCHAR END"


def _check_types(
    connection: duckdb.DuckDBPyConnection, payload: Payload, feed: Feed, faults: tuple[Fault, ...]
) -> None:
    """A column none of whose values can be read is a changed format, not that many bad rows."""
    typed = [field for field in feed.fields if field.kind in sql.TYPED_KINDS]
    bad = {fault.field: 1 << number for number, fault in enumerate(faults) if fault.reason is Reason.BAD_TYPE}
    counts = [f"count({sql.text_column(f)}), count(*) FILTER (_faults & {bad[f.name]} <> 0)" for f in typed]
    row = connection.execute(
        f"""
        SELECT count(*), {", ".join(counts)}
        FROM incoming JOIN checked USING ({POSITION}) WHERE {MALFORMED} IS NULL
        """
    ).fetchone()
    rows, *pairs = row or (0,)
    for field, given, unread in zip(typed, pairs[::2], pairs[1::2], strict=True):
        if unread == given and unread >= FLIPPED_AT_LEAST and unread * 2 >= rows:
            message = f"the type has flipped: none of its {given} values is a {field.kind.value}"
            raise _contract_error(payload, feed, message, field.name)


def _has_repeats(connection: duckdb.DuckDBPyConnection, feed: Feed) -> bool:
    keys = ", ".join(_key_columns(feed))
    query = f"SELECT 1 FROM checked GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
    return connection.execute(query).fetchone() is not None


def _refuse_conflicting_repeats(connection: duckdb.DuckDBPyConnection, feed: Feed, bit: int) -> None:
    """Same key and same version with different content: nobody can say which one holds, so none of them lands."""
    keys = _key_columns(feed)
    repeated = f"SELECT {', '.join(keys)} FROM checked GROUP BY ALL HAVING count(*) > 1"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE repeated AS {repeated}")
    # The value where there is one (the same instant may be written in two ways), else the text; null stays apart.
    content = [
        sql.text_column(field)
        if field.kind in PERSONAL_KINDS
        else f"coalesce(checked.{sql.quote(field.name)}::VARCHAR, {sql.text_column(field)})"
        for field in feed.fields
        if _key_column(feed, field.name) not in keys
    ]
    connection.execute(
        f"""
        UPDATE checked SET _faults = _faults | {1 << bit}::UBIGINT WHERE {POSITION} IN (
            SELECT unnest(positions) FROM (
                SELECT list({POSITION}) AS positions, count(DISTINCT [{", ".join(content)}]) AS contents
                FROM checked JOIN repeated USING ({", ".join(keys)}) JOIN incoming USING ({POSITION})
                GROUP BY {", ".join(keys)}
            ) WHERE contents > 1
        )
        """
    )


def _key_columns(feed: Feed) -> list[str]:
    """The columns of `checked` that make two rows the same version of one record."""
    return [_key_column(feed, name) for name in (*feed.key, feed.version_field)]


def _key_column(feed: Feed, name: str) -> str:
    return "person_key" if feed.field(name).kind is Kind.ID_NUMBER else sql.quote(name)


def _count_by_period(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[date, tuple[int, int]]]:
    counted = connection.execute(
        """
        SELECT _period_start, count(*) FILTER (_faults = 0), count(*) FILTER (_faults <> 0)
        FROM checked GROUP BY ALL ORDER BY ALL
        """
    )
    for start, landed, refused in counted.fetchall():
        yield start, (landed, refused)


def _has(feed: Feed, kind: Kind) -> bool:
    return any(field.kind is kind for field in feed.fields)
