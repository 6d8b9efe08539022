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

# Key -> value, of which nothing is decoded; raises one of UNDECODABLE.
decode_row = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
# A value nested too deeply for the decoder, even to be passed over, makes its row one that can't be looked at. So do
# bytes that are no UTF-8.
UNDECODABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_TYPE_OF_FIRST_CHARACTER = {"{": "object", "[": "list", '"': "text", "t": "boolean", "f": "boolean"}


class Scan:
    """One look at a sample of rows. `lines` is their JSON text, None for one that isn't text at all."""

    def __init__(self, lines: Iterable[str | None]) -> None:
        self._lines = [line or "" for line in lines]
        try:
            keys = self._all_keys()
        except UNDECODABLE:
            self._lines = [line for line in self._lines if _is_object(line)]
            keys = self._all_keys()
        self.keys = tuple(keys)  # in order of first sight

    @property
    def objects_count(self) -> int:
        return len(self._lines)

    def _all_keys(self) -> dict[str, None]:
        # No row is kept: 20,000 mappings at once would set the garbage collector going.
        return dict.fromkeys(chain.from_iterable(map(decode_row, self._lines)))

    def described(self, names: Sequence[str], keys: Sequence[str]) -> tuple[UnknownColumn, ...]:
        """Type and filled share of `keys`, reported under `names`."""
        types: dict[str, set[str]] = defaultdict(set)
        filled: Counter[str] = Counter()
        for found in map(decode_row, self._lines if keys else ()):
            for key in keys:
                if (value := found.get(key)) is not None and (text := bytes(value)) != b"null":
                    types[key].add(_type_of(text.decode("utf-8")))
                    filled[key] += 1
        return tuple(
            UnknownColumn(name, _one_type(types[key]), round(filled[key] / self.objects_count, 4))
            for name, key in zip(names, keys, strict=True)
        )


def _is_object(line: str) -> bool:
    try:
        decode_row(line)
    except UNDECODABLE:
        return False
    return True


def _type_of(text: str) -> str:
    number = "number" if any(character in text for character in ".eE") else "integer"
    return _TYPE_OF_FIRST_CHARACTER.get(text[0], number)


def _one_type(types: set[str]) -> str:
    if types == {"integer", "number"}:
        return "number"
    return next(iter(types)) if len(types) == 1 else "text"
