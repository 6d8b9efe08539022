"""The published schemes, from sample senders to signals: every one is found, and few honest people are bothered."""

from __future__ import annotations

import pytest
from deployment import Built

from orchestration.commands.measure_supervision import SEEDS, by_rule, labelled
from orchestration.sandbox import Manifest

pytestmark = pytest.mark.pipeline

# Look-alikes that a rule can't tell from fraud are staged on purpose, one in twenty-five or so; chance adds a few.
MOST_FALSE_ALARMS = 0.15


def test_the_rules_find_every_scheme_and_leave_most_lookalikes_alone(built: Built) -> None:
    assert Manifest.read(built.world).seed not in SEEDS, "the rules were tuned on this world"
    measured = by_rule(labelled(built.world, built.deployment.database))
    assert len(measured) == 19
    assert {rule.rule_id: rule.frauds - rule.found for rule in measured if rule.recall != 1} == {}
    assert all(rule.honest >= 20 * rule.frauds for rule in measured)
    loud = {rule.rule_id: rule.false_alarms for rule in measured if rule.false_alarms > MOST_FALSE_ALARMS * rule.honest}
    assert loud == {}
