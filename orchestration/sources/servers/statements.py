"""Statements of an LRS as fields of learning_records: pure, whole columns at a time.

Read are statements of xAPI 1.0.3 and 2.0.0, which agree in everything that is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.payload import MALFORMED, POSITION
from orchestration.sql_text import literal

_ADL = "http://adlnet.gov/expapi/verbs/"
_VIDEO = "https://w3id.org/xapi/video/verbs/"
VOIDED = f"{_ADL}voided"
KIND_OF_VERB = {
    f"{_ADL}initialized": "sign_in",
    f"{_ADL}launched": "sign_in",
    f"{_ADL}progressed": "study",
    f"{_ADL}completed": "study",
    f"{_VIDEO}played": "study",
    f"{_VIDEO}paused": "study",
    f"{_VIDEO}completed": "study",
    f"{_ADL}terminated": "study",
    f"{_ADL}asked": "question",
    f"{_ADL}answered": "question",
    f"{_ADL}passed": "test",
    f"{_ADL}failed": "test",
    f"{_ADL}scored": "test",
}


class _Verb(msgspec.Struct):
    id: str


class _Object(msgspec.Struct):
    id: str | None = None


class _Score(msgspec.Struct):
    scaled: float | None = None


class _Result(msgspec.Struct):
    duration: str | None = None
    score: _Score | None = None


class _Context(msgspec.Struct):
    registration: str | None = None


class Statement(msgspec.Struct):
    """What is read of a statement. The actor isn't a field, so it's skipped while decoding."""

    id: str
    verb: _Verb
    object: _Object | None = None
    timestamp: str | None = None
    stored: str | None = None
    result: _Result | None = None
    context: _Context | None = None


_decode = msgspec.json.Decoder(Statement).decode

# A time without an offset is Shanghai's, like every naive time of a sender.
_MOMENT = """try_cast(
    case when regexp_matches({0}, '[T ].*([Zz]|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$') then {0} else {0} || '+08:00' end
    as timestamptz)"""
# ISO 8601 durations: weeks, days, hours, minutes, seconds. Years and months have no fixed length unless there are none.
_PART = r"(?:([0-9]+(?:\.[0-9]+)?){})?"
_DURATION = "^P(?:0+Y)?(?:0+M)?{}{}(?:T{}{}{})?$".format(*(_PART.format(unit) for unit in "WDHMS"))
_UNIT_SECONDS = (604_800, 86_400, 3_600, 60, 1)
_DURATION_MICROSECONDS = (
    f"case when regexp_matches(duration, '{_DURATION}') and right(duration, 1) not in ('P', 'T') then ("
    + " + ".join(
        f"coalesce(try_cast(regexp_extract(duration, '{_DURATION}', {group}) as double), 0) * {seconds * 1_000_000}"
        for group, seconds in enumerate(_UNIT_SECONDS, start=1)
    )
    + ")::bigint end"
)
_KIND = (
    "case verb " + " ".join(f"when '{verb}' then '{kind}'" for verb, kind in KIND_OF_VERB.items()) + " else 'other' end"
)


def statements_table(raw: Sequence[bytes]) -> pa.Table:
    """One row a statement, in order, with what is read of it; `_malformed` says why where it can't be read."""
    statements: list[Statement | None] = []
    reasons: list[str | None] = []
    for text in raw:
        try:
            statement = _decode(text)
            names_nothing = statement.verb.id == VOIDED and not (statement.object and statement.object.id)
            statements.append(None if names_nothing else statement)
            reasons.append("a voiding that names no statement" if names_nothing else None)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            statements.append(None)
            # A validation error names keys and types; any other text could quote the statement.
            is_shape = isinstance(error, msgspec.ValidationError)
            reasons.append(f"no xAPI statement: {error}" if is_shape else "no xAPI statement")
    results = [statement.result if statement else None for statement in statements]
    return pa.table(
        {
            POSITION: pa.array(range(1, len(raw) + 1), pa.int64()),
            MALFORMED: pa.array(reasons, pa.string()),
            "id": _texts(statement and statement.id for statement in statements),
            "verb": _texts(statement and statement.verb.id for statement in statements),
            "target": _texts(statement and statement.object and statement.object.id for statement in statements),
            "timestamp": _texts(statement and statement.timestamp for statement in statements),
            "stored": _texts(statement and statement.stored for statement in statements),
            "registration": _texts(
                statement and statement.context and statement.context.registration for statement in statements
            ),
            "duration": _texts(result and result.duration for result in results),
            "scaled": pa.array([result and result.score and result.score.scaled for result in results], pa.float64()),
        }
    )


def unreachable_targets(count: int) -> pa.Table:
    """`count` rows that stand for voided statements which the LRS can't show."""
    schema = statements_table([]).schema
    reason = pa.repeat(pa.scalar("a voiding names a statement that the LRS doesn't have (404)"), count)
    return pa.table(
        [reason if field.name == MALFORMED else pa.nulls(count, field.type) for field in schema], schema=schema
    )


def within(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, opens_at: datetime | None, closes_at: datetime
) -> list[int]:
    """Indexes of the statements stored in [opens_at, closes_at); one without a readable `stored` stays, to be refused
    by the contract instead of vanishing here."""
    lower = f"stored_at >= {_microseconds(opens_at)}" if opens_at else "true"
    stored = connection.from_arrow(table).project(f"{POSITION}, epoch_us({_MOMENT.format('stored')}) as stored_at")
    kept = stored.filter(f"stored_at is null or ({lower} and stored_at < {_microseconds(closes_at)})")
    return [position - 1 for (position,) in kept.project(POSITION).order(POSITION).fetchall()]


def voidings(connection: duckdb.DuckDBPyConnection, table: pa.Table) -> dict[str, str | None]:
    """Voided statement's id -> `stored` of its (latest) voiding."""
    is_voiding = pc.equal(table["verb"], VOIDED)
    if not pc.any(is_voiding).as_py():
        return {}
    rows = connection.from_arrow(table.filter(is_voiding)).filter("target is not null")
    return dict(rows.aggregate("target, max(stored)", "target").fetchall())


def learning_record_fields(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, voided: Mapping[str, str | None]
) -> pa.Table:
    """`_position` (the row's number in `table`), `_malformed` and the fields of learning_records that a statement can
    give, as text.

    Voiding statements are left out; a statement in `voided` gets status voided and the voiding's time as updated_at.
    What can't be computed (a duration in months) is passed on as it stands, for the contract to refuse with its reason.
    """
    numbered = table.set_column(0, POSITION, pa.array(range(1, table.num_rows + 1), pa.int64()))
    targets = {"target": pa.array(voided.keys(), pa.string()), "voided_at": pa.array(voided.values(), pa.string())}
    statements = connection.from_arrow(numbered)  # noqa: F841 - read by name in the SQL
    voided_statements = connection.from_arrow(pa.table(targets))  # noqa: F841 - read by name in the SQL
    return connection.sql(
        f"""
        select
            s.{POSITION},
            s.{MALFORMED},
            s.id as record_id,
            s.registration as registration_id,
            case when s.verb is not null then {_KIND} end as kind,
            s.timestamp as started_at,
            case
                when s.duration is null or s.timestamp is null then null
                when microseconds is null then s.duration
                else strftime(make_timestamp(epoch_us({_MOMENT.format("s.timestamp")}) + microseconds),
                    '%Y-%m-%dT%H:%M:%S.%f+00:00')
            end as ended_at,
            round(s.scaled * 100, 4)::varchar as score,
            case when v.target is not null then 'voided' when s.id is not null then 'active' end as status,
            coalesce(v.voided_at, s.stored) as updated_at
        from (select *, {_DURATION_MICROSECONDS} as microseconds from statements) as s
        left join voided_statements as v on v.target = s.id
        where s.verb is distinct from {literal(VOIDED)}
        order by s.{POSITION}
        """
    ).to_arrow_table()


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def _texts(values: Iterable[str | None]) -> pa.Array:
    return pa.array(values, pa.string())
