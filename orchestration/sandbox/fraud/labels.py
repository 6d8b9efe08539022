"""Which subject of which rule is fraud, and which only looks like it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from orchestration.sandbox import identity
from orchestration.sandbox.truth.tables import Table
from orchestration.sandbox.writing.keys import pseudonym_key

if TYPE_CHECKING:
    from orchestration.sandbox.drawing import Draw


@dataclass(frozen=True)
class Label:
    """`subject` is an index into the drawn arrays of `subject_kind` (of a device its number); `day` dates it where the
    subject is honest at other times."""

    rule_id: str
    scheme: str
    is_fraud: bool
    subject_kind: str
    subject: int
    day: int | None = None


def supervision(world: Draw) -> Table:
    """What the rules are measured against; subjects are named as the mart supervision_signal names them."""
    table = Table(
        "labelled subjects: fraud, or honest and alike; period_start is null where a subject is so throughout",
        ("rule_id", "subject_kind", "subject_id", "period_start"),
        ("scheme", "is_fraud"),
    )
    names = _Names(world)
    for label in world.labels:
        period = None
        if label.day is not None:
            period = world.line.periods[int(world.line.period_index(np.array([label.day]))[0])].key
        subject = names.of(label.subject_kind, label.subject)
        table.add((label.rule_id, label.subject_kind, subject, period), (label.scheme, label.is_fraud))
    return table


class _Names:
    """Ids as senders write them, and pseudonyms as the world's own key makes them."""

    def __init__(self, world: Draw) -> None:
        self._world = world
        self._platforms = [spec.id for spec in world.platforms]
        self._bureaus = [bureau.id for bureau in world.bureaus]
        self._registrations = world.registrations.ids(world.platforms, world.seed)
        self._key = bytes.fromhex(pseudonym_key(world.seed))

    def of(self, kind: str, subject: int) -> str:
        world = self._world
        if kind == "person":
            id_type = identity.ID_TYPES[int(world.people.id_type[subject])]
            text = f"{id_type}:{world.people.id_number[subject]}"
            return str(UUID(bytes=hmac.digest(self._key, text.encode(), hashlib.sha256)[:16]))
        if kind == "registration":
            platform = self._platforms[int(world.registrations.platform[subject])]
            return f"{platform}/{self._registrations[subject]}"
        if kind == "payment":
            bureau = self._bureaus[int(world.payments.bureau[subject])]
            return f"{bureau}/{world.payments.id_of(subject, bureau)}"
        if kind == "project":
            bureau = self._bureaus[int(world.projects.bureau[subject])]
            return f"{bureau}/{world.projects.project_id[subject]}"
        if kind == "platform":
            return self._platforms[subject]
        return f"dev-{subject:07d}"
