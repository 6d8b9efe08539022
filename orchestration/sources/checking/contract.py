"""The contract: a payload's rows become landed rows or refused ones, each refusal with every reason that holds.

    payload.table → text, trimmed → pseudonyms beside it → checked (values, a fault mask a row)

The payload is read once; what was refused, where anything was, is read a second time into `incoming`. Everything is
whole columns in an in-memory connection that never spills to disk, since the text holds personal data.
Two things stop a batch as a whole: a missing required column, and a column whose type has flipped. No message holds a
value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

import duckdb

from orchestration.calendar import Period, period_of
from orchestration.settings import SHANGHAI
from orchestration.sources.checking import contract_sql as sql
from orchestration.sources.checking.checked_rows import add_fault, create_checked, keep
from orchestration.sources.checking.contract_sql import Fault, Reason
from orchestration.sources.checking.delivered import Delivered, deliver
from orchestration.sources.checking.pseudonym_columns import add_pseudonyms
from orchestration.sources.errors import PermanentSourceError
from orchestration.sources.feeds import FEEDS, PERSONAL_KINDS, Feed, Field, Kind
from orchestration.sources.memory import memory_connection
from orchestration.sources.payload import MALFORMED, POSITION, Payload
from orchestration.sources.persons.pseudonyms import Pseudonymiser
from orchestration.sql_text import quoted
from orchestration.wording import plural

# The field named for a row that could not be read at all.
WHOLE_ROW = "_row"
# A type has flipped when no value of a column can be read: at least this many, and at least half of the rows.
FLIPPED_AT_LEAST = 2
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

    View `checked`: one row for each delivered row, with the landed columns and `_faults`, a mask over `faults` (0: the
    row may land). Table `incoming`: the refused rows as text, t_<field> and x_<n> for the columns outside the contract;
    not made where no row is refused. `periods`: first day -> (rows to land, rows refused).
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
    """A connection that may hold raw rows (see memory.py), in Shanghai's time zone; what it holds goes with it."""
    connection = memory_connection(memory_limit)
    try:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        yield connection
    finally:
        connection.close()


def check(connection: duckdb.DuckDBPyConnection, payload: Payload, terms: Terms) -> CheckedBatch:
    """Check every row of `payload` and leave the outcome in `connection` (see CheckedBatch).

    Raises ContractError for what stops the batch, PermanentSourceError when the payload can't be read or is too big.
    """
    feed = FEEDS[payload.feed]
    _check_header(payload, feed)
    faults = (Fault(WHOLE_ROW, Reason.BAD_TYPE, f"{MALFORMED} IS NOT NULL"), *sql.faults(feed, payload.period_start))
    faults = (*faults, *sql.identity_fault(feed), Fault(",".join(feed.key), Reason.DUPLICATE_KEY_IN_BATCH, "false"))
    assert len(faults) <= _MOST_FAULTS
    outside = tuple(name for name in payload.header if name not in {field.name for field in feed.fields})
    try:
        delivered = deliver(payload, feed, outside)
        period = _period_sql(payload, feed, delivered, terms)
        add_pseudonyms(connection, delivered, feed, terms.today, terms.pseudonymiser)
        delivered.register(connection)
        create_checked(connection, delivered, payload, feed, faults, outside, period)
        periods = dict(_count_by_period(connection))
        if any(refused for _, refused in periods.values()):
            _check_types(connection, payload, feed, faults)
        if _may_have_repeats(connection, feed):
            _refuse_conflicting_repeats(connection, delivered.rows, feed, bit=len(faults) - 1)
            periods = dict(_count_by_period(connection))
        if any(refused for _, refused in periods.values()):
            _read_again(connection, delivered.rows, f"SELECT {POSITION} FROM checked WHERE _faults <> 0")
        return CheckedBatch(payload, feed, faults, outside, periods)
    except duckdb.Error as error:
        failure = _unreadable(payload, error)
    # Outside the handler: an error keeps the one it was raised under, and DuckDB's quotes the row it failed on.
    raise failure


def keep_rows(connection: duckdb.DuckDBPyConnection, checked: CheckedBatch, positions: str) -> CheckedBatch:
    """`checked` with only the rows whose positions the SQL `positions` lists. Raises duckdb.Error."""
    keep(connection, positions)
    return replace(checked, periods=dict(_count_by_period(connection)))


def _check_header(payload: Payload, feed: Feed) -> None:
    if not payload.header:
        # JSON without a single row: there are no columns to miss.
        return
    if missing := [name for name in feed.required_names if name not in payload.header]:
        message = f"missing required {plural('column', len(missing))} {', '.join(missing)}"
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


def _period_sql(payload: Payload, feed: Feed, delivered: Delivered, terms: Terms) -> str:
    """SQL of the first day of the period that a row belongs to."""
    if payload.period_start is not None:
        return f"DATE '{payload.period_start}'"
    starts = _starts_within([period.start for period in terms.periods], delivered.moments)
    # Where there is a first and a last moment, every row has one.
    fallback = period_of(list(terms.periods), terms.today).start if delivered.moments is None else None
    return sql.period_sql(sql.VALUE_PREFIX + feed.version_field, starts, fallback)


def _starts_within(starts: list[date], moments: tuple[date, date] | None) -> list[date]:
    """Those of the periods' first days that a moment between the two may fall under; all where there are no two."""
    if moments is None:
        return starts
    earliest, latest = moments
    first = max((start for start in starts if start <= earliest), default=min(starts))
    return [start for start in starts if first <= start <= max(first, latest)]


def _read_again(connection: duckdb.DuckDBPyConnection, delivered: str, positions: str) -> None:
    """The table `incoming`: the rows of `delivered` whose positions the SQL `positions` lists."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT * FROM {delivered} WHERE {POSITION} IN ({positions})"
    )


def _check_types(
    connection: duckdb.DuckDBPyConnection, payload: Payload, feed: Feed, faults: tuple[Fault, ...]
) -> None:
    """A column none of whose values can be read is a changed format, not that many bad rows."""
    typed = [field for field in feed.fields if field.kind in sql.TYPED_KINDS]
    bits = {(fault.field, fault.reason): 1 << number for number, fault in enumerate(faults)}
    counts = []
    for field in typed:
        bad = bits[field.name, Reason.BAD_TYPE]
        # A text was given where there is a value, or a fault that says why there is none.
        unread = bad | bits.get((field.name, Reason.OUT_OF_RANGE), 0)
        given = f"{quoted(field.name)} IS NOT NULL OR _faults & {unread} <> 0"
        counts += [f"count(*) FILTER ({given})", f"count(*) FILTER (_faults & {bad} <> 0)"]
    row = connection.execute(f"SELECT count(*), {', '.join(counts)} FROM checked WHERE _faults & 1 = 0").fetchone()
    rows, *pairs = row or (0,)
    for field, given, unread in zip(typed, pairs[::2], pairs[1::2], strict=True):
        if unread == given and unread >= FLIPPED_AT_LEAST and unread * 2 >= rows:
            kind = f"{'an' if field.kind is Kind.INTEGER else 'a'} {field.kind.value}"
            message = f"the type has flipped: none of its {given} values is {kind}"
            raise _contract_error(payload, feed, message, field.name)


def _may_have_repeats(connection: duckdb.DuckDBPyConnection, feed: Feed) -> bool:
    """Told by hashes, which group in half the time of keys; two keys of one hash only cost a second look."""
    query = f"SELECT count(DISTINCT hash({', '.join(_key_columns(feed))})) < count(*) FROM checked"
    ((may_have_repeats,),) = connection.execute(query).fetchall()
    return may_have_repeats


def _refuse_conflicting_repeats(connection: duckdb.DuckDBPyConnection, delivered: str, feed: Feed, bit: int) -> None:
    """Same key and same version with different content: nobody can say which one holds, so none of them lands."""
    keys = _key_columns(feed)
    repeated = f"SELECT {', '.join(keys)} FROM checked GROUP BY ALL HAVING count(*) > 1"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE repeated AS
        SELECT checked.* FROM checked JOIN ({repeated}) USING ({", ".join(keys)})
        """
    )
    _read_again(connection, delivered, f"SELECT {POSITION} FROM repeated")
    content = [_content_sql(feed, field) for field in feed.fields if sql.key_column(feed, field.name) not in keys]
    add_fault(
        connection,
        bit,
        f"""
        SELECT unnest(positions) FROM (
            SELECT list({POSITION}) AS positions, count(DISTINCT [{", ".join(content)}]) AS contents
            FROM repeated JOIN incoming USING ({POSITION})
            GROUP BY {", ".join(keys)}
        ) WHERE contents > 1
        """,
    )


def _content_sql(feed: Feed, field: Field) -> str:
    """SQL of what two rows must agree on to be the same: the value where there is one (the same instant, the same
    person's number may be written in two ways), else the text; null stays apart."""
    if field.kind in PERSONAL_KINDS - {Kind.ID_NUMBER, Kind.PERSON_OR_BODY_ID}:
        return sql.text_column(field)
    return f"coalesce(repeated.{sql.key_column(feed, field.name)}::VARCHAR, {sql.text_column(field)})"


def _key_columns(feed: Feed) -> list[str]:
    """The columns of `checked` that make two rows the same version of one record."""
    return [sql.key_column(feed, name) for name in (*feed.key, feed.version_field)]


def _count_by_period(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[date, tuple[int, int]]]:
    counted = connection.execute(
        """
        SELECT _period_start, count(*) FILTER (_faults = 0), count(*) FILTER (_faults <> 0)
        FROM checked GROUP BY ALL ORDER BY ALL
        """
    )
    for start, landed, refused in counted.fetchall():
        yield start, (landed, refused)
