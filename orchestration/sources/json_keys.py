"""Which keys the rows of a JSON feed have, and what may be said of those that nobody names.

Only keys are decoded; every value stays an undecoded piece of the row's text (msgspec.Raw). For the small pulls that a
build is made of this takes a hundredth of what a database connection of its own would.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

from orchestration.sources.payload import UnknownColumn

_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_TYPE_OF_FIRST_CHARACTER = {"{": "object", "[": "list", '"': "text", "t": "boolean", "f": "boolean"}


class Scan:
    """One look at a sample of rows. `lines` is their JSON text, None for one that isn't text at all."""

    def __init__(self, lines: Iterable[str | None]) -> None:
        self._objects: list[dict[str, msgspec.Raw]] = []
        for line in lines:
            try:
                self._objects.append(_decode_keys(line or ""))
            except msgspec.MsgspecError:
                continue
        self.keys = tuple(dict.fromkeys(chain.from_iterable(self._objects)))  # in order of first sight

    @property
    def objects_count(self) -> int:
        return len(self._objects)

    def described(self, names: Sequence[str], keys: Sequence[str]) -> tuple[UnknownColumn, ...]:
        """Type and filled share of `keys`, reported under `names`."""
        types: dict[str, set[str]] = defaultdict(set)
        filled: Counter[str] = Counter()
        for found in self._objects:
            for key in keys:
                if (value := found.get(key)) is not None and (text := bytes(value)) != b"null":
                    types[key].add(_type_of(text.decode("utf-8")))
                    filled[key] += 1
        return tuple(
            UnknownColumn(name, _one_type(types[key]), round(filled[key] / self.objects_count, 4))
            for name, key in zip(names, keys, strict=True)
        )


def _type_of(text: str) -> str:
    number = "number" if any(character in text for character in ".eE") else "integer"
    return _TYPE_OF_FIRST_CHARACTER.get(text[0], number)


def _one_type(types: set[str]) -> str:
    if types == {"integer", "number"}:
        return "number"
    return next(iter(types)) if len(types) == 1 else "text"
