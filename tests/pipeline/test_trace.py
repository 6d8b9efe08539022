"""`warehouse trace`: from an id number on standard input to everything known of that person, and nothing of others."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from deployment import Built

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def learner(built: Built) -> tuple[str, str, int]:
    """A valid id number as a platform has it, its key, and how many registrations carry it."""
    found: dict[str, int] = {}
    for path in sorted((built.world / "platforms").rglob("registrations.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["id_type"] == "resident_id":
                found[row["id_number"]] = found.get(row["id_number"], 0) + 1
    number = max(sorted(found), key=lambda each: found[each])
    asked = built.deployment.run("trace", "--json", stdin=f" {number}\n")
    assert asked.exit_code == 0, asked.text
    return number, asked.answer["person_key"], found[number]


def test_an_id_number_leads_to_the_timeline_and_the_decisions(built: Built, learner) -> None:
    number, person_key, _ = learner
    answer = built.deployment.run("trace", "--json", stdin=number).answer
    events = built.deployment.query(
        "select happened_at, kind from marts.learner_timeline where person_key = ?::uuid "
        "order by happened_at, kind, record_key",
        [person_key],
    )
    assert [(event["happened_at"], event["kind"]) for event in answer["events"]] == [
        (moment.isoformat(), kind) for moment, kind in events
    ]
    assert {"registered"} <= {event["kind"] for event in answer["events"]}
    decisions = built.deployment.query(
        "select platform_id, registration_id, scheme, is_entitled, reasons from marts.subsidy_entitlement as d "
        "semi join core.fct_registration as r on d.registration_sk = r.registration_sk and r.person_key = ?::uuid",
        [person_key],
    )
    told = [
        tuple(decision[name] for name in ("platform_id", "registration_id", "scheme", "is_entitled", "reasons"))
        for decision in answer["decisions"]
    ]
    assert sorted(map(str, told)) == sorted(map(str, decisions))


def test_the_pseudonym_gives_the_same_and_a_person_reads_it_as_tables(built: Built, learner) -> None:
    _, person_key, _ = learner
    text = built.deployment.run("trace", "--person-key", person_key).stdout
    assert f"learner    {person_key}" in text
    assert "Timeline" in text and "registered" in text


def test_neither_answer_nor_messages_repeat_the_number(built: Built, learner) -> None:
    number, _, _ = learner
    said = built.deployment.run("trace", stdin=number).text + built.deployment.run("trace", stdin=number[:-1]).text
    assert number[:-1] not in said


def test_of_every_paid_claim_the_trace_says_whether_records_stand_behind_it(built: Built) -> None:
    person_key, matched = built.deployment.query(
        "select p.person_key::varchar, m.is_matched from core.fct_subsidy_payment as p "
        "join core.fct_payment_match as m using (sender_id, payment_id) where p.person_key is not null order by all"
    )[0]
    answer = built.deployment.run("trace", "--person-key", person_key, "--json").answer
    assert matched in [payment["is_matched"] for payment in answer["payments"]]


@pytest.mark.parametrize("subject_kind", ["person", "registration", "payment"])
def test_signals_on_a_learners_registrations_and_claims_are_the_learners_too(built: Built, subject_kind: str) -> None:
    """Of somebody with such a signal all are told, and none of anybody else."""
    linked = (
        "select s.rule_id, s.subject_kind, s.subject_id, "
        "coalesce(r.person_key, p.person_key, c.person_key) as person_key from marts.supervision_signal as s "
        "left join core.fct_registration as r on s.subject_kind = 'registration' "
        "and s.subject_id = r.platform_id || '/' || r.registration_id "
        "left join core.fct_subsidy_payment as p on s.subject_kind = 'payment' "
        "and s.subject_id = p.sender_id || '/' || p.payment_id "
        "left join (select distinct person_key from core.fct_registration) as c on s.subject_kind = 'person' "
        "and s.subject_id = c.person_key::varchar"
    )
    person_key = built.deployment.query(
        f"select min(person_key::varchar) from ({linked}) where subject_kind = ?", [subject_kind]
    )[0][0]
    expected = built.deployment.query(
        f"select rule_id, subject_kind, subject_id from ({linked}) where person_key = ?::uuid order by all",
        [person_key],
    )
    answer = built.deployment.run("trace", "--person-key", person_key, "--json").answer
    told = [(signal["rule_id"], signal["subject_kind"], signal["subject_id"]) for signal in answer["signals"]]
    assert sorted(told) == expected
    assert subject_kind in {kind for _, kind, _ in expected}


@pytest.mark.parametrize(
    ("arguments", "stdin", "exit_code", "words"),
    [
        ((), "11010119900307\n", 2, "standard input: not a valid resident_id"),
        ((), "", 2, "standard input: empty"),
        (("--id-type", "driver"), "1\n", 2, "--id-type driver: not one of resident_id"),
        (("--person-key", "110101199003074514"), None, 2, "--person-key: not a UUID"),
        (("--person-key", str(UUID(int=7))), None, 1, "no sender has told anything of this person"),
    ],
)
def test_who_cannot_be_traced_is_said(built: Built, arguments, stdin, exit_code, words) -> None:
    ended = built.deployment.run_here("trace", *arguments, stdin=stdin)
    assert ended.exit_code == exit_code
    assert words in ended.stderr and "110101199003074514" not in ended.text


def test_without_a_warehouse_it_says_what_to_do(built: Built, tmp_path) -> None:
    from deployment import Deployment

    ended = Deployment(tmp_path, built.world / "sources.yml").run("trace", "--person-key", str(uuid4()))
    assert ended.exit_code == 1 and "run `warehouse build`" in ended.stderr
