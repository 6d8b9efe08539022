"""The xapi connector: the window's edges, verbs, and voidings that come later than their target."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest
from reading import NOW, SECRETS, period, rows, sender, source
from scripted_server import Answer, Asked, ScriptedServer

from orchestration.sources.connectors import fetch
from orchestration.sources.errors import SourceError
from orchestration.sources.payload import Payload
from orchestration.sources.servers.statements import KIND_OF_VERB

ADL = "http://adlnet.gov/expapi/verbs/"


def statement(identity: str, stored: str, verb: str = f"{ADL}launched", **more: Any) -> dict[str, Any]:
    return {
        "id": identity, "actor": {"name": "王小明", "mbox": "mailto:w@example.com"}, "verb": {"id": verb},
        "object": {"id": "http://lms/1"}, "context": {"registration": "R-1"}, "timestamp": stored, "stored": stored,
    } | more  # fmt: skip


def voiding(target: str, stored: str) -> dict[str, Any]:
    return statement("v", stored, f"{ADL}voided", object={"objectType": "StatementRef", "id": target})


class Lrs:
    """Keeps statements as an LRS does: `since` exclusive, `until` inclusive, voided statements shown only on demand.

    One that `is_simple` knows no voidedStatementId and goes on listing what was voided.
    """

    def __init__(self, server: ScriptedServer, statements: list[dict[str, Any]], *, is_simple: bool = False) -> None:
        self.statements = statements
        self.is_simple = is_simple
        server.answer = self.answer

    def answer(self, asked: Asked) -> Answer:
        voided = {s["object"]["id"] for s in self.statements if s["verb"]["id"] == f"{ADL}voided"}
        if self.is_simple:
            voided = set()
        elif wanted := asked.parameters.get("voidedStatementId"):
            found = [s for s in self.statements if s["id"] == wanted and wanted in voided]
            return Answer(json.dumps(found[0])) if found else Answer(status=404)
        since = asked.parameters.get("since", "0001-01-01T00:00:00+00:00")
        until = asked.parameters.get("until", "9999-01-01T00:00:00+00:00")
        found = [
            s
            for s in self.statements
            if datetime.fromisoformat(since) < datetime.fromisoformat(s["stored"]) <= datetime.fromisoformat(until)
            and s["id"] not in voided
        ]
        return Answer(json.dumps({"statements": found, "more": ""}))


def pull(server: ScriptedServer, number: int = 2) -> Payload | SourceError:
    feed_source = source("learning_records", "xapi", base_url=f"{server.url}/lrs")
    (result,) = fetch(
        feed_source, sender(), "learning_records", period(number), NOW, resolve_secret=SECRETS.get, sleep=lambda _: None
    )
    return result


def taken(server: ScriptedServer, number: int = 2) -> list[tuple[str, str, str]]:
    result = pull(server, number)
    assert isinstance(result, Payload), result
    return [(row["record_id"], row["status"], row["updated_at"]) for row in rows(result)]


def test_the_request_is_the_contracts(server):
    Lrs(server, [])
    pull(server)
    (asked,) = server.asked
    assert asked.path == "/lrs/statements"
    assert asked.headers["x-experience-api-version"] == "1.0.3"
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"lrs:pa55").decode()
    assert asked.parameters["ascending"] == "true"
    assert asked.parameters["until"] == "2020-04-20T00:00:00+08:00"


def test_a_statement_on_the_edge_of_two_windows_is_in_exactly_one(server):
    edge = "2020-04-20T00:00:00.000000+08:00"
    Lrs(server, [statement("before", "2020-04-19T23:59:59.999999+08:00"), statement("edge", edge)])
    assert [each[0] for each in taken(server, 2)] == ["before"]
    assert [each[0] for each in taken(server, 3)] == ["edge"]


def test_the_first_window_has_no_lower_bound(server):
    Lrs(server, [statement("early", "2020-01-01T00:00:00+08:00")])
    assert [each[0] for each in taken(server, 1)] == ["early"]
    assert "since" not in server.asked[0].parameters


def test_a_voiding_makes_its_target_inactive_in_the_same_window(server):
    Lrs(server, [statement("a", "2020-04-07T09:00:00+08:00"), voiding("a", "2020-04-08T09:00:00+08:00")])
    assert taken(server) == [("a", "voided", "2020-04-08T09:00:00+08:00")]


@pytest.mark.parametrize("is_simple", [False, True])
def test_a_voiding_in_a_later_window_brings_a_new_state_of_its_target(server, is_simple):
    lrs = Lrs(server, [statement("a", "2020-04-07T09:00:00+08:00")], is_simple=is_simple)
    assert taken(server, 2) == [("a", "active", "2020-04-07T09:00:00+08:00")]
    lrs.statements.append(voiding("a", "2020-04-22T09:00:00+08:00"))
    result = pull(server, 3)
    assert isinstance(result, Payload)
    (row,) = rows(result)
    assert (row["record_id"], row["status"], row["updated_at"]) == ("a", "voided", "2020-04-22T09:00:00+08:00")
    assert (row["registration_id"], row["kind"], row["started_at"]) == ("R-1", "sign_in", "2020-04-07T09:00:00+08:00")


def test_a_voided_statement_that_nobody_has_does_not_hide_the_next(server):
    lrs = Lrs(server, [statement("z", "2020-03-24T09:00:00+08:00"), voiding("a", "2020-04-08T09:00:00+08:00")])
    lrs.statements.append(voiding("z", "2020-04-09T09:00:00+08:00") | {"id": "v2"})
    result = pull(server)
    assert isinstance(result, Payload)
    assert [(row["record_id"], row["_malformed"] is None) for row in rows(result)] == [("z", True), (None, False)]


@pytest.mark.parametrize("is_simple", [False, True])
def test_a_voiding_of_a_statement_that_nobody_has_is_a_malformed_row(server, is_simple):
    Lrs(server, [voiding("gone", "2020-04-08T09:00:00+08:00")], is_simple=is_simple)
    result = pull(server)
    assert isinstance(result, Payload)
    (row,) = rows(result)
    assert row["_malformed"] == "a voiding names a statement that the LRS doesn't have (404)"


def test_a_voiding_that_names_nothing_is_a_malformed_row(server):
    server.answers(Answer(json.dumps({"statements": [voiding("", "2020-04-08T09:00:00+08:00")], "more": ""})))
    result = pull(server)
    assert isinstance(result, Payload)
    assert [row["_malformed"] for row in rows(result)] == ["a voiding that names no statement"]


@pytest.mark.parametrize(("verb", "kind"), [*KIND_OF_VERB.items(), ("http://example.com/liked", "other")])
def test_verbs(server, verb, kind):
    Lrs(server, [statement("a", "2020-04-07T09:00:00+08:00", verb)])
    result = pull(server)
    assert isinstance(result, Payload)
    assert rows(result)[0]["kind"] == kind


@pytest.mark.parametrize(
    ("duration", "ended_at"),
    [
        ("PT1H", "2020-04-07T02:00:00.000000+00:00"),
        ("P1DT1M1.25S", "2020-04-08T01:01:01.250000+00:00"),
        ("P1W", "2020-04-14T01:00:00.000000+00:00"),
        ("P0Y0M0DT0H45M0S", "2020-04-07T01:45:00.000000+00:00"),
        ("PT0S", "2020-04-07T01:00:00.000000+00:00"),
        ("P1M", "P1M"),
        ("P1Y", "P1Y"),
        ("P", "P"),
        ("P1DT", "P1DT"),
        ("PT1.2.3S", "PT1.2.3S"),
        ("an hour", "an hour"),
    ],
)
def test_a_duration_gives_the_end_and_one_without_a_length_is_left_to_the_contract(server, duration, ended_at):
    Lrs(server, [statement("a", "2020-04-07T09:00:00+08:00", result={"duration": duration})])
    result = pull(server)
    assert isinstance(result, Payload)
    assert rows(result)[0]["ended_at"] == ended_at


def test_a_refused_user_names_both_variables_and_neither_value(server):
    server.answers(Answer(status=401))
    assert str(pull(server)) == (
        "P001 learning_records statements: 401 Unauthorized; the user in USER with the password in PASSWORD was refused"
    )


def test_more_may_not_lead_to_another_server_or_in_a_circle(server):
    server.answers(Answer('{"statements": [], "more": "http://127.0.0.1:1/lrs/more"}'))
    assert "another server" in str(pull(server))
    server.answers(Answer('{"statements": [], "more": "/lrs/more"}'))
    assert "run in a circle" in str(pull(server))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("http://[", "`more` is no valid address"),
        ("/lrs/\x00", "an answer names a next page that can't be asked for: no valid address"),
    ],
)
def test_a_more_that_is_no_address_is_told(server, more, message):
    server.answers(Answer(json.dumps({"statements": [], "more": more})))
    assert str(pull(server)) == f"P001 learning_records statements: {message}"


def test_pages_that_stay_empty_end_the_pull(server):
    numbers = iter(range(10_000))
    server.answer = lambda asked: Answer(json.dumps({"statements": [], "more": f"/lrs/more/{next(numbers)}"}))
    assert "50 empty pages in a row, each with a `more`" in str(pull(server))


def test_the_actor_is_nowhere_in_what_is_handed_on(server):
    Lrs(server, [statement("a", "2020-04-07T09:00:00+08:00")])
    result = pull(server)
    assert isinstance(result, Payload)
    handed_on = repr(rows(result)) + repr(result)
    assert "王小明" not in handed_on
    assert "example.com" not in handed_on
