"""The staged schemes: enough look-alikes, drawn anew from each seed, and nothing drawn before is touched."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from orchestration.sandbox.drawing import Draw, draw
from orchestration.sandbox.fraud.labels import supervision
from orchestration.sandbox.fraud.scenarios import SCENARIOS, add_fraud
from orchestration.sandbox.fraud.stage import LOOKALIKES
from orchestration.sandbox.truth.state import state_at
from orchestration.sandbox.wire import BUREAU_FRAMES, PLATFORM_FRAMES

REGISTRATIONS = 1_500


@pytest.fixture(scope="module")
def drawn() -> Draw:
    return draw(7, REGISTRATIONS, 5 * REGISTRATIONS)


@pytest.fixture(scope="module")
def world(drawn: Draw) -> Draw:
    return add_fraud(drawn)


def test_each_rule_has_its_scheme_and_twenty_lookalikes_to_each_fraud(world: Draw) -> None:
    counts = Counter((label.rule_id, label.is_fraud) for label in world.labels)
    rules = {scenario.__name__ for scenario in SCENARIOS}
    assert {rule for rule, _ in counts} == rules
    assert len(rules) == 19
    for rule in rules:
        assert counts[rule, True] >= 1
        assert counts[rule, False] >= LOOKALIKES * counts[rule, True]


def test_no_subject_is_fraud_and_honest_at_once(world: Draw) -> None:
    subjects = Counter((label.rule_id, label.subject, label.day) for label in world.labels)
    assert {subject: count for subject, count in subjects.items() if count > 1} == {}


def test_what_was_drawn_stays_as_it_was(drawn: Draw, world: Draw) -> None:
    assert len(world.registrations) > len(drawn.registrations) == REGISTRATIONS
    for before, after in (
        (drawn.people.id_number, world.people.id_number),
        (drawn.registrations.registered_at, world.registrations.registered_at),
        (drawn.learning.version_at, world.learning.version_at),
        (drawn.certificates.issued_at, world.certificates.issued_at),
        (drawn.payments.version_status, world.payments.version_status),
        (drawn.projects.project_id, world.projects.project_id),
    ):
        assert np.array_equal(before, after[: len(before)])
    assert len(np.unique(world.people.id_number)) == len(world.people)


def test_the_same_seed_stages_the_same_and_another_seed_something_else(drawn: Draw, world: Draw) -> None:
    assert supervision(add_fraud(drawn)).rows == supervision(world).rows
    other = add_fraud(draw(8, REGISTRATIONS, 5 * REGISTRATIONS))
    sizes = [Counter(label.rule_id for label in one.labels if label.is_fraud) for one in (world, other)]
    assert sizes[0] != sizes[1]


def test_everything_staged_counts_and_was_told_by_the_clock(drawn: Draw, world: Draw) -> None:
    state = state_at(world, world.line.now)
    staged = slice(len(drawn.registrations), None)
    assert state.is_counted[staged].all()
    assert (state.certificate_version[len(drawn.certificates) :] >= 0).all()
    assert (state.payment_version[len(drawn.payments) :] >= 0).all()
    assert (state.record_version[len(drawn.learning) :] >= 0).all()


def test_labels_name_subjects_that_senders_deliver(world: Draw) -> None:
    named = {(row[1], row[2]) for row in supervision(world).rows}
    frames = {
        "registration": (PLATFORM_FRAMES["registrations"](world), world.platforms, "registration_id"),
        "payment": (BUREAU_FRAMES["subsidy_payments"](world), world.bureaus, "payment_id"),
        "project": (BUREAU_FRAMES["training_projects"](world), world.bureaus, "project_id"),
    }
    for kind, (frame, senders, column) in frames.items():
        ids = [sender.id for sender in senders]
        pairs = zip(frame["_sender"], frame[column], strict=True)
        delivered = {f"{ids[sender]}/{number}" for sender, number in pairs}
        assert {name for of, name in named if of == kind} <= delivered
    devices = set(PLATFORM_FRAMES["learning_records"](world)["device_id"])
    assert {name for of, name in named if of == "device"} <= devices
