"""Faults on demand: what goes wrong with which platform while its world is served.

Written `kind:platform[:number]`, several joined by commas, `*` for every platform:

    down:P007           the connection is closed without an answer
    unauthorized:P003   401, whatever the token
    forbidden:P003      403
    flaky:P005[:n]      503 with Retry-After for the first n requests of each feed (1), then fine
    ratelimit:P006[:n]  429 with Retry-After for the first n requests of each feed (1), then fine
    broken:P004         500 for ever
    cut:P008[:n]        the body of the first n answers of each feed (1) breaks off in the middle
    garbled:P002[:n]    the first n answers of each feed (1) are whole but no JSON
    slow:P009[:s]       every answer waits s seconds (2)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.sandbox.errors import FaultError

KINDS = {
    "down": None, "unauthorized": None, "forbidden": None, "broken": None,
    "flaky": 1.0, "ratelimit": 1.0, "cut": 1.0, "garbled": 1.0, "slow": 2.0,
}  # fmt: skip
_WRITTEN = re.compile(r"^(?P<kind>[a-z]+):(?P<platform>\*|P\d{3})(?::(?P<number>\d+(?:\.\d+)?))?$")


@dataclass(frozen=True)
class Fault:
    """`number` is a count of answers, for `slow` seconds; None where the kind has none."""

    kind: str
    platform: str
    number: float | None = None

    def concerns(self, platform_id: str) -> bool:
        return self.platform in ("*", platform_id)

    def __str__(self) -> str:
        return f"{self.kind}:{self.platform}" + ("" if self.number is None else f":{self.number:g}")


def parse_faults(text: str | None) -> tuple[Fault, ...]:
    """The faults of a comma list; empty for None or ''. Raises FaultError."""
    return tuple(_parse(part.strip()) for part in (text or "").split(",") if part.strip())


def as_faults(faults: Iterable[Fault | str] | str | None) -> tuple[Fault, ...]:
    """Faults given in any way a caller has them."""
    if faults is None or isinstance(faults, str):
        return parse_faults(faults)
    return tuple(fault if isinstance(fault, Fault) else _parse(fault) for fault in faults)


def _parse(text: str) -> Fault:
    found = _WRITTEN.match(text)
    if found is None or found["kind"] not in KINDS:
        raise FaultError(
            f"{text!r} is no fault; write kind:platform, as in down:P007 or slow:*:3; kinds: {', '.join(KINDS)}"
        )
    usual = KINDS[found["kind"]]
    if found["number"] is None:
        return Fault(found["kind"], found["platform"], usual)
    if usual is None:
        raise FaultError(f"{text!r}: {found['kind']} takes no number")
    return Fault(found["kind"], found["platform"], float(found["number"]))
