from __future__ import annotations

import pytest

from orchestration.sandbox.errors import FaultError
from orchestration.sandbox.faults import Fault, as_faults, parse_faults


def test_a_list_of_faults_is_understood():
    assert parse_faults("down:P007, flaky:P005,slow:*:0.5") == (
        Fault("down", "P007"),
        Fault("flaky", "P005", 1.0),
        Fault("slow", "*", 0.5),
    )


@pytest.mark.parametrize("nothing", [None, "", " , "])
def test_no_fault_is_no_fault(nothing):
    assert parse_faults(nothing) == ()


@pytest.mark.parametrize("text", ["down", "down:7", "sleepy:P007", "down:P007:3", "slow:P007:x", "P007:down"])
def test_what_is_no_fault_is_refused_and_named(text):
    with pytest.raises(FaultError, match="down"):
        parse_faults(text)


def test_faults_survive_being_written():
    faults = parse_faults("cut:P008:3,down:*,slow:P009")
    assert as_faults(",".join(map(str, faults))) == faults


def test_a_star_concerns_every_platform():
    assert Fault("down", "*").concerns("P031")
    assert not Fault("down", "P030").concerns("P031")
