"""The contract as SQL: for each kind of field, its value from the sender's text and the faults that text may have.

Two levels over whole columns (see checked_rows.py): typed values first, then `faults` over text and typed value.
A fault is a bit in one integer a row, so a row keeps every reason that holds and a clean row costs one comparison.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from orchestration.sources.feeds import ID_TYPES, Feed, Field, Kind
from orchestration.sources.persons import identity
from orchestration.sql_text import literal, quoted

# A field `x` has its text in column t_x and its value in v_x; a pseudonym that lands as `y` stands in p_y.
TEXT_PREFIX, VALUE_PREFIX, PSEUDONYM_PREFIX = "t_", "v_", "p_"
# Nobody alive was born before.
_FIRST_BIRTH_YEAR = 1900
# Around a value these mean nothing: blanks of any width, and the invisible marks that copied text brings along.
SPACES = " \t\r\n\u3000\u00a0\u200b\ufeff"
_NUMERAL = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_INTEGER = r"[+-]?[0-9]+(\.0*)?"
_DAY = r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"
# From -12:00 to +14:00 there are places; what is beyond is no offset.
_OFFSET = r"(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_TIMESTAMP = rf"{_DAY}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.,][0-9]{{1,9}})?)?{_OFFSET}?)?"
# What most senders write; the cast leaves out the offset, which needs no converting.
_SHANGHAI_TIMESTAMP = rf"{_DAY}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\+08:00"
# Spreadsheets export a day as midnight.
_DATE = rf"{_DAY}([T ]00:00(:00(\.0+)?)?)?"
# What a spreadsheet leaves of a text that it took for a number (4.20106E+17 stands for many ids, not for one), of a
# formula without a result, and of a column that was too narrow to show it.
_SPOILED = r"[0-9](\.[0-9]+)?[eE]\+[0-9]{2}|#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|ERROR!)|#{3,}"
# A JSON object, or a list of them.
BEGINS_AN_OBJECT = r"^\[?\{"
# A list of texts or of lists, or one of nothing.
_BEGINS_A_LIST = r'^\[["\[\]]'
# In words for a reader: an id number, a phone or an account, in either width.
NUMBER_IN_PROSE = "[0-9０-９]{11,}[XxＸｘ]?"
_TRUE, _FALSE = ("true", "1", "是"), ("false", "0", "否")
NUMERIC_KINDS = frozenset({Kind.INTEGER, Kind.MONEY, Kind.NUMBER})
# Kinds whose text may fail to be one at all; a whole column that fails is a flipped type.
TYPED_KINDS = NUMERIC_KINDS | {Kind.BOOLEAN, Kind.TIMESTAMP, Kind.DATE}


class Reason(StrEnum):
    """Why a row stands in quarantine. The list is closed."""

    MISSING_REQUIRED = "missing_required"
    BAD_TYPE = "bad_type"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_ENUM = "unknown_enum"
    IDENTITY_INVALID = "identity_invalid"
    USCC_INVALID = "uscc_invalid"
    DUPLICATE_KEY_IN_BATCH = "duplicate_key_in_batch"


@dataclass(frozen=True)
class Fault:
    """One reason that one field may give: `condition` is SQL over text (t_) and value (v_) columns, null = no fault."""

    field: str
    reason: Reason
    condition: str


def trimmed_sql(text: str, *, is_for_many: bool) -> str:
    """SQL: the text without spaces around it; null for nothing but spaces.

    Both forms mean the same. `trim` over a set of characters takes five times as long as seeing that there is nothing
    to trim; but seeing it takes DuckDB longer to plan, which is what counts for a batch of some hundred rows.
    """
    trimmed = f"nullif(trim({text}, '{SPACES}'), '')"
    if not is_for_many:
        return trimmed
    is_ascii_at_both_ends = f"{text}[-1] BETWEEN '!' AND '~' AND {text} BETWEEN '!' AND '\x7f'"
    is_plain = f"{text} <> '' AND NOT regexp_matches({text}, '^[{SPACES}]|[{SPACES}]$')"
    return f"CASE WHEN {is_ascii_at_both_ends} OR ({is_plain}) THEN {text} ELSE {trimmed} END"


def text_column(field: Field) -> str:
    return TEXT_PREFIX + field.name


def value_column(field: Field) -> str:
    return VALUE_PREFIX + field.name


def key_column(feed: Feed, name: str) -> str:
    """The landed column, quoted, that holds what the key's field `name` becomes."""
    return "person_key" if feed.field(name).kind is Kind.ID_NUMBER else quoted(name)


def value_sql(field: Field) -> str:
    """SQL of the landed value of a plain field from its text; null where the text is no such value."""
    text = text_column(field)
    match field.kind:
        case Kind.INTEGER:
            whole = f"regexp_extract({text}, '^[+-]?[0-9]+')"
            return f"CASE WHEN regexp_full_match({text}, '{_INTEGER}') THEN try_cast({whole} AS BIGINT) END"
        case Kind.MONEY | Kind.NUMBER:
            decimal = "DECIMAL(12,2)" if field.kind is Kind.MONEY else "DECIMAL(18,4)"
            return f"CASE WHEN regexp_full_match({text}, '{_NUMERAL}') THEN try_cast({text} AS {decimal}) END"
        case Kind.BOOLEAN:
            return f"CASE WHEN lower({text}) IN {_TRUE} THEN true WHEN lower({text}) IN {_FALSE} THEN false END"
        case Kind.TIMESTAMP:
            return _timestamp_sql(text)
        case Kind.DATE:
            return f"CASE WHEN regexp_full_match({text}, '{_DATE}') THEN try_cast(left({text}, 10) AS DATE) END"
        case Kind.TEXT_LIST:
            return _list_sql(text)
        case Kind.USCC:
            return f"upper({text})"
        case Kind.TEXT if field.is_prose:
            return f"regexp_replace({text}, '{NUMBER_IN_PROSE}', '***', 'g')"
        case _:
            return text


def faults(feed: Feed, folder_period: date | None) -> list[Fault]:
    """Every fault that a row of `feed` may have by itself, in the order of fields.

    `folder_period` is the period of the folder that a bureau's file lay in: a biweekly table must be of that period.
    """
    found: list[Fault] = []
    for field in feed.fields:
        found.extend(missing_faults(feed, field))
        found.extend(faults_of_text(field))
    if folder_period is not None and "period_start" in {field.name for field in feed.fields}:
        condition = f"v_period_start <> DATE '{folder_period.isoformat()}'"
        found.append(Fault("period_start", Reason.OUT_OF_RANGE, condition))
    found.extend(id_number_elsewhere(feed))
    return found


def id_number_elsewhere(feed: Feed) -> Iterable[Fault]:
    """A person's number that the row repeats in a field that lands as it is would be on disk."""
    if id_number := feed.field_of(Kind.ID_NUMBER):
        for field in feed.fields:
            if field.kind is Kind.USCC or (field.kind is Kind.TEXT and not field.values):
                # Digits in it: a word for "none" stands in many fields.
                text = text_column(field)
                condition = f"{text} = {text_column(id_number)} AND regexp_matches({text}, '[0-9]{{4}}')"
                yield Fault(field.name, Reason.IDENTITY_INVALID, condition)


def person_sql(feed: Feed) -> tuple[str, str, str] | None:
    """How a row names a person: (id type, id number, whether it is a person at all), SQL over text columns.

    The id type is null where the row gives none although the feed requires one, and so is whether it is a person where
    its kind is no kind: nothing can be checked then.
    A body's subject_id is looked up as a resident's too: if it is one, a person's number stands where none may be kept.
    None for a feed that names no person.
    """
    kinds = {field.kind: field for field in feed.fields}
    if Kind.PERSON_OR_BODY_ID in kinds:
        id_type = "if(t_subject_kind = 'person', coalesce(t_id_type, 'resident_id'), 'resident_id')"
        bodies = tuple(kind for kind in feed.field("subject_kind").values if kind != "person")
        is_person = f"CASE WHEN t_subject_kind = 'person' THEN true WHEN t_subject_kind IN {bodies} THEN false END"
        return id_type, text_column(kinds[Kind.PERSON_OR_BODY_ID]), is_person
    if Kind.ID_NUMBER in kinds:
        id_type = "t_id_type" if feed.field("id_type").required else "coalesce(t_id_type, 'resident_id')"
        return id_type, text_column(kinds[Kind.ID_NUMBER]), "true"
    return None


def derived_sql(feed: Feed, sender_id: str) -> dict[str, str]:
    """Landed columns that follow from one row's text alone: the surrogate key, what is kept of name and phone."""
    kinds = {field.kind for field in feed.fields}
    found: dict[str, str] = {}
    if "registration_id" in {field.name for field in feed.fields}:
        found["registration_sk"] = identity.registration_sk_sql(literal(sender_id), "t_registration_id")
    if Kind.PERSON_NAME in kinds:
        found["learner_name_masked"] = identity.masked_name_sql("t_learner_name")
    if Kind.PHONE in kinds:
        found["phone_last4"] = identity.last_digits_sql("t_phone")
    return found


def identity_fault(feed: Feed) -> Iterable[Fault]:
    """The fault of a number that is no person's, and of a body whose number is one's; none where no person is named."""
    if person := person_sql(feed):
        id_type, id_number, is_person = person
        found = f"{PSEUDONYM_PREFIX}person_key IS NOT NULL"
        # A type outside the list says nothing about the number; it has its own reason.
        is_invalid = f"{id_number} IS NOT NULL AND {id_type} IN {ID_TYPES} AND NOT ({found})"
        # One body's code in 300 passes for a number too, but with the last digits of its region where a century stands.
        is_persons = f"{found} AND {PSEUDONYM_PREFIX}birth_year >= {_FIRST_BIRTH_YEAR}"
        condition = f"CASE {is_person} WHEN true THEN {is_invalid} WHEN false THEN {is_persons} END"
        yield Fault(id_number.removeprefix(TEXT_PREFIX), Reason.IDENTITY_INVALID, condition)


def pseudonyms_sql(feed: Feed) -> dict[str, str]:
    """Landed columns that stand in the place of what identifies somebody: column -> SQL over text and p_ columns."""
    kinds = {field.kind for field in feed.fields}
    found: dict[str, str] = {}
    if Kind.ID_NUMBER in kinds:
        found |= {name: PSEUDONYM_PREFIX + name for name in ("person_sk", "person_key", "birth_year", "sex")}
    if (person := person_sql(feed)) and Kind.PERSON_OR_BODY_ID in kinds:
        _, subject_id, is_person = person
        found["subject_id"] = f"if({is_person}, {PSEUDONYM_PREFIX}person_key::VARCHAR, {subject_id})"
        found |= {name: f"if({is_person}, {PSEUDONYM_PREFIX}{name}, NULL)" for name in ("person_sk", "person_key")}
    if Kind.CLIENT_IP in kinds:
        found["client_ip_key"] = f"{PSEUDONYM_PREFIX}client_ip_key"
    return found


def period_sql(moment: str, starts: Iterable[date], fallback: date | None) -> str:
    """SQL: the first day of the period that the timestamp `moment` lies in; before the first the first, after the last
    the last; `fallback` where there is no moment, None where there always is one."""
    first, *later = sorted(starts)
    branches = [f"WHEN {moment} IS NULL THEN DATE '{fallback}'"] if fallback is not None else []
    branches += [f"WHEN {moment} >= TIMESTAMP '{start}' THEN DATE '{start}'" for start in reversed(later)]
    return f"CASE {' '.join(branches)} ELSE DATE '{first}' END" if branches else f"DATE '{first}'"


def _timestamp_sql(text: str) -> str:
    # Session time zone Asia/Shanghai: a naive text is its wall time already, one with an offset is converted to it.
    with_offset = f"try_cast(replace({text}, ',', '.') AS TIMESTAMPTZ)::TIMESTAMP"
    return f"""CASE
        WHEN regexp_full_match({text}, '{_SHANGHAI_TIMESTAMP}') THEN try_cast({text} AS TIMESTAMP)
        WHEN regexp_full_match({text}, '{_TIMESTAMP}') THEN {with_offset}
    END"""


def _list_sql(text: str) -> str:
    """JSON array text or `;`-joined (a full-width one too); elements trimmed, empty ones dropped. No element = null."""
    is_array = f"left({text}, 1) = '['"
    array = f"try_cast(if({is_array} AND json_valid({text}), {text}, NULL) AS JSON)::VARCHAR[]"
    elements = f"if({is_array}, {array}, string_split(replace({text}, '；', ';'), ';'))"
    kept = f"list_filter(list_transform({elements}, lambda x: trim(x, '{SPACES}')), lambda x: x <> '')"
    # Most lists are of one code, which needs no taking apart.
    return f"CASE WHEN regexp_full_match({text}, '[A-Za-z0-9]+') THEN [{text}] ELSE nullif({kept}, []) END"


def missing_faults(feed: Feed, field: Field) -> Iterable[Fault]:
    """The fault of a row without a text for `field`, if there is such a fault."""
    conditions = [f"{text_column(field)} IS NULL"] if field.required else []
    conditions += [
        f"({text_column(field)} IS NULL AND t_{rule.other} IN ({', '.join(map(literal, rule.values))}))"
        for rule in feed.required_when
        if rule.field == field.name and not field.required
    ]
    if conditions:
        yield Fault(field.name, Reason.MISSING_REQUIRED, " OR ".join(conditions))


def faults_of_text(field: Field) -> Iterable[Fault]:
    """The faults that a text for `field` may have by itself; none of them holds of a null."""
    text, value = text_column(field), value_column(field)
    is_unread = f"{text} IS NOT NULL AND {value} IS NULL"
    match field.kind:
        case Kind.INTEGER | Kind.MONEY | Kind.NUMBER:
            shape = _INTEGER if field.kind is Kind.INTEGER else _NUMERAL
            is_numeral = f"regexp_full_match({text}, '{shape}')"
            yield Fault(field.name, Reason.BAD_TYPE, f"{is_unread} AND NOT {is_numeral}")
            bounds = [f"{is_unread} AND {is_numeral}"]
            bounds += [f"{value} < {field.at_least}"] if field.at_least is not None else []
            bounds += [f"{value} > {field.at_most}"] if field.at_most is not None else []
            bounds += [f"{value} <= {field.above}"] if field.above is not None else []
            yield Fault(field.name, Reason.OUT_OF_RANGE, " OR ".join(f"coalesce({bound}, false)" for bound in bounds))
        case Kind.BOOLEAN | Kind.TIMESTAMP | Kind.DATE:
            yield Fault(field.name, Reason.BAD_TYPE, is_unread)
        case Kind.TEXT_LIST:
            yield Fault(field.name, Reason.BAD_TYPE, f"left({text}, 1) = '[' AND NOT json_valid({text})")
            if field.values:
                is_unknown = f"x NOT IN ({', '.join(map(literal, field.values))})"
                yield Fault(field.name, Reason.UNKNOWN_ENUM, f"len(list_filter({value}, lambda x: {is_unknown})) > 0")
        case Kind.USCC:
            yield Fault(field.name, Reason.USCC_INVALID, f"NOT regexp_full_match({value}, '[0-9A-Z]{{18}}')")
        case Kind.TEXT if not field.values:
            is_nested = f"regexp_matches({text}, '{BEGINS_AN_OBJECT}|{_BEGINS_A_LIST}') AND json_valid({text})"
            yield Fault(field.name, Reason.BAD_TYPE, f"regexp_full_match({text}, '{_SPOILED}') OR ({is_nested})")
        case Kind.TEXT:
            yield Fault(field.name, Reason.UNKNOWN_ENUM, f"{text} NOT IN ({', '.join(map(literal, field.values))})")
