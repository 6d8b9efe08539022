"""The columns of a landed file: what the contract's fields become once nothing personal is left in them.

One list, read by the contract (which writes them) and by loading (which makes the raw tables).
"""

from __future__ import annotations

from orchestration.sources.feeds import LANDED_TYPE, PERSONAL_KINDS, Feed, Kind

POSITION = "_position"
PERIOD_START = "_period_start"
# Values of columns outside the contract that a column map lists as non_personal: JSON text, or null.
EXTRA = "_extra"

_PERSON = {"person_sk": "BIGINT", "person_key": "UUID"}
_PERSON_ATTRIBUTES = {"birth_year": "SMALLINT", "sex": "VARCHAR"}
_REGISTRATION = {"registration_sk": "BIGINT"}
# By kind of personal field: what stands in its place.
_IN_PLACE_OF: dict[Kind, dict[str, str]] = {
    Kind.ID_NUMBER: _PERSON | _PERSON_ATTRIBUTES,
    Kind.PERSON_NAME: {"learner_name_masked": "VARCHAR"},
    Kind.PHONE: {"phone_last4": "VARCHAR"},
    Kind.CLIENT_IP: {"client_ip_key": "UUID"},
    Kind.PERSON_OR_BODY_ID: {"subject_id": "VARCHAR"} | _PERSON,
}


def landed_columns(feed: Feed) -> dict[str, str]:
    """Column -> DuckDB type, in the file's order: position, period, the feed's plain fields, then derived ones."""
    plain = {field.name: LANDED_TYPE[field.kind] for field in feed.fields if field.kind not in PERSONAL_KINDS}
    derived: dict[str, str] = {}
    if "registration_id" in plain:
        derived |= _REGISTRATION
    for kind in (Kind.ID_NUMBER, Kind.PERSON_OR_BODY_ID, Kind.PERSON_NAME, Kind.PHONE, Kind.CLIENT_IP):
        if any(field.kind is kind for field in feed.fields):
            derived |= _IN_PLACE_OF[kind]
    return {POSITION: "BIGINT", PERIOD_START: "DATE"} | plain | derived | {EXTRA: "VARCHAR"}
