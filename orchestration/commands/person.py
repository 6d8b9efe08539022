"""Which person a command is about: an id number on standard input, or a pseudonym."""

from __future__ import annotations

import sys
from typing import Annotated
from uuid import UUID

import typer

from orchestration.pipeline import UsageError
from orchestration.settings import Settings
from orchestration.sources.feeds import ID_TYPES
from orchestration.sources.persons.identity import IdentityInvalidError, person_key_of

PersonKeyOption = Annotated[
    str | None, typer.Option("--person-key", metavar="UUID", help="The person's pseudonym, instead of an id number.")
]
IdTypeOption = Annotated[str, typer.Option("--id-type", help=f"Of the id number: {', '.join(ID_TYPES)}.")]


def asked_person(settings: Settings, person_key: str | None, id_type: str) -> UUID:
    """The person_key given or, without one, of the number on standard input, which is neither echoed nor kept.

    Raises UsageError, SettingsError.
    """
    return _given(person_key) if person_key is not None else _from_standard_input(settings, id_type)


def _given(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        # Not repeated: somebody may have typed an id number here.
        raise UsageError("--person-key: not a UUID; an id number is read from standard input") from None


def _from_standard_input(settings: Settings, id_type: str) -> UUID:
    if id_type not in ID_TYPES:
        raise UsageError(f"--id-type {id_type}: not one of {', '.join(ID_TYPES)}")
    key = settings.pseudonym_key()
    try:
        is_typed = sys.stdin.isatty()
        number = typer.prompt(id_type, hide_input=True, err=True) if is_typed else sys.stdin.readline()
        # Where the locale names no encoding, bytes that are no text come as surrogates
        number.encode()
    except UnicodeError:
        raise UsageError(f"standard input: not a valid {id_type}") from None
    if not number.strip():
        raise UsageError("standard input: empty; give the id number there, or --person-key")
    try:
        return person_key_of(id_type, number.strip(), settings.now().date(), key)
    except IdentityInvalidError as error:
        raise UsageError(f"standard input: {error}") from None
