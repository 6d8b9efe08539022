"""The rest connector against a real server: what is asked, what is tried again, what is final."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from reading import NOW, SECRETS, period, rows, sender, source
from scripted_server import Answer, Asked, ScriptedServer

from orchestration.sources.connectors import fetch
from orchestration.sources.errors import PermanentSourceError, SourceError, TransientSourceError
from orchestration.sources.payload import Payload
from orchestration.sources.servers import http

REMINDER = {"registration_id": "R-1", "sent_at": "2020-04-08T09:00:00+08:00", "channel": "sms"}


def page(*ids: str, cursor: str | None = None) -> Answer:
    data = [{"reminder_id": each, **REMINDER} for each in ids]
    return Answer(json.dumps({"data": data, "next_cursor": cursor}))


class Pull:
    """One pull of reminders; `waits` are the seconds that it would have slept."""

    def __init__(self, server: ScriptedServer, number: int = 2, now: datetime = NOW, *, is_last: bool = False) -> None:
        self.waits: list[float] = []
        (self.result,) = fetch(
            source("reminders", "rest", base_url=server.url),
            sender(),
            "reminders",
            period(number),
            now,
            resolve_secret=SECRETS.get,
            last_period=period(number) if is_last else None,
            sleep=self.waits.append,
        )

    @property
    def payload(self) -> Payload:
        assert isinstance(self.result, Payload), self.result
        return self.result

    @property
    def error(self) -> SourceError:
        assert isinstance(self.result, SourceError), self.result
        return self.result


def test_the_request_is_the_contracts(server):
    server.answers(page("a"))
    payload = Pull(server).payload
    (asked,) = server.asked
    assert asked.path == "/v1/reminders"
    assert asked.parameters == {
        "updated_from": "2020-04-06T00:00:00+08:00",
        "updated_to": "2020-04-20T00:00:00+08:00",
        "limit": "5000",
    }
    assert asked.headers["authorization"] == "Bearer t0ken"
    assert (payload.is_whole, payload.period_start.isoformat()) == (True, "2020-04-06")


def test_the_first_period_has_no_lower_bound_and_a_running_one_ends_now(server):
    server.answers(page("a"))
    assert Pull(server, number=1).payload.window_from is None
    assert "updated_from" not in server.asked[-1].parameters
    running = Pull(server, number=8).payload
    assert server.asked[-1].parameters["updated_to"] == "2020-07-10T09:00:00+08:00"
    assert (running.is_whole, running.window_to) == (False, NOW)


def test_the_last_period_takes_what_comes_after_it(server):
    server.answers(page("a"))
    late = period(2).closes_at + timedelta(days=40)
    payload = Pull(server, now=late, is_last=True).payload
    assert (payload.is_whole, payload.window_to) == (True, late)


def test_all_pages_are_one_payload_whatever_their_cut(server):
    server.answers(page("a", "b", cursor="2"), page("c"))
    in_two = Pull(server).payload
    assert [row["reminder_id"] for row in rows(in_two)] == ["a", "b", "c"]
    assert server.asked[1].parameters["cursor"] == "2"
    assert server.asked[1].parameters["limit"] == "5000"
    server.answers(page("a", "b", "c"))
    assert Pull(server).payload.payload_sha256 == in_two.payload_sha256


def test_a_pull_without_rows_has_every_column(server):
    server.answers(page())
    payload = Pull(server).payload
    assert rows(payload) == []
    assert set(payload.header) == {"reminder_id", "registration_id", "sent_at", "channel", "updated_at"}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "400 Bad Request; the server doesn't understand the request"),
        (401, "401 Unauthorized; the token in TOKEN was refused"),
        (403, "403 Forbidden; the token in TOKEN was refused"),
        (404, "404 Not Found; nothing is served there; is base_url right"),
        (405, "405 Method Not Allowed; the server allows no GET there"),
        (302, "302 Found; the server points elsewhere"),
    ],
)
def test_a_final_status_is_asked_once_and_explained(server, status, message):
    server.answers(Answer(status=status, headers={"Retry-After": "1"}))
    pull = Pull(server)
    assert isinstance(pull.error, PermanentSourceError)
    assert str(pull.error).startswith(f"P001 reminders v1/reminders: {message}")
    assert (len(server.asked), pull.waits) == (1, [])
    assert "t0ken" not in str(pull.error)


def test_a_body_nested_without_end_is_explained(server):
    server.answers(Answer('{"data": [' + "[" * 50_000 + "]" * 50_000 + '], "next_cursor": null}'))
    pull = Pull(server)
    assert isinstance(pull.error, PermanentSourceError)
    assert pull.error.message == "the body holds a value that is nested too deeply to be read"
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(server, status):
    moment = (datetime.now(tz=UTC) + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.answers(
        Answer(status=status, headers={"Retry-After": "7"}),
        Answer(status=status, headers={"Retry-After": moment}),
        page("a"),
    )
    pull = Pull(server)
    assert len(rows(pull.payload)) == 1
    assert pull.waits[0] == 7.0
    assert 25 < pull.waits[1] <= 30


def test_a_server_that_asks_for_an_hour_is_left_for_the_next_build(server):
    server.answers(Answer(status=429, headers={"Retry-After": "3600"}))
    pull = Pull(server)
    assert isinstance(pull.error, TransientSourceError)
    assert "asks to come back in 3600 s" in str(pull.error)
    assert pull.waits == []


def test_waits_grow_and_carry_jitter(server):
    server.answers(Answer(status=500))
    waits = [Pull(server).waits for _ in range(3)]
    assert all(len(each) == http.MAXIMUM_TRIES - 1 for each in waits)
    assert all(each[-1] > each[0] for each in waits)
    assert len({each[0] for each in waits}) == 3


@pytest.mark.parametrize(
    "broken",
    [
        Answer(page("a", "b").body[:60]),
        Answer(page("a").body, announced=5_000),
        Answer("<html>gateway</html>"),
        Answer(b'{"data": [{"reminder_id": "\xd6\xd0"}], "next_cursor": null}'),
        Answer('{"data": []}'),
        Answer("", headers={"Content-Encoding": "gzip"}),
        Answer(status=502),
        Answer(status=408),
    ],
    ids=["cut json", "cut body", "html", "not utf-8", "no cursor", "not gzip", "502", "408"],
)
def test_a_broken_answer_is_asked_again_and_never_half_taken(server, broken):
    server.answers(page("a", cursor="2"), broken, page("b"))
    assert [row["reminder_id"] for row in rows(Pull(server).payload)] == ["a", "b"]
    server.answers(page("a", cursor="2"), broken)
    pull = Pull(server)
    assert isinstance(pull.error, TransientSourceError)
    assert f"tried {http.MAXIMUM_TRIES} times" in str(pull.error)
    assert "R-1" not in str(pull.error)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "<html>王小明</html>",
            "the body is HTML or XML, not JSON; does a gateway or a login page answer for base_url?",
        ),
        ('{"data": [{"title": "中"}]'.encode("gb18030"), "the body is not UTF-8, as JSON must be"),
        ("", "the body is empty"),
        ('{"data": [', "the body is no whole JSON page; cut off?"),
    ],
)
def test_what_is_no_json_is_told_for_what_it_is(server, body, message):
    server.answers(Answer(body))
    assert str(Pull(server).error) == f"P001 reminders v1/reminders: {message} (tried {http.MAXIMUM_TRIES} times)"


def test_a_byte_order_mark_is_no_fault(server):
    server.answers(Answer("\ufeff" + str(page("a").body)))
    assert [row["reminder_id"] for row in rows(Pull(server).payload)] == ["a"]


@pytest.mark.parametrize("unreadable", ["soon", "-5", "1.5", "\xb2"])
def test_a_retry_after_that_says_nothing_is_passed_over(server, unreadable):
    server.answers(Answer(status=429, headers={"Retry-After": unreadable}), page("a"))
    pull = Pull(server)
    assert len(rows(pull.payload)) == 1
    assert 0 < pull.waits[0] <= 2 * http.FIRST_WAIT_SECONDS


def test_an_unreachable_platform_is_one_transient_error_that_names_it(server):
    server.close()
    pull = Pull(server)
    assert isinstance(pull.error, TransientSourceError)
    assert str(pull.error) == (
        f"P001 reminders v1/reminders: {server.url.removeprefix('http://')} can't be reached (tried 3 times)"
    )
    server._server.server_close = lambda: None  # the fixture closes once more
    server._server.shutdown = lambda: None


def test_a_silent_server_is_a_timeout(server, monkeypatch):
    def slow(asked: Asked) -> Answer:
        import time

        time.sleep(0.3)
        return page("a")

    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.05))
    monkeypatch.setattr(http, "MAXIMUM_TRIES", 2)
    server.answer = slow
    assert "no answer in time (ReadTimeout) (tried 2 times)" in str(Pull(server).error)


def test_cursors_that_run_in_a_circle_end_the_pull(server):
    server.answer = lambda asked: page("a", cursor={"1": "2", "2": "1"}.get(asked.parameters.get("cursor", ""), "1"))
    assert "the cursors run in a circle after 3 pages" in str(Pull(server).error)


def test_pages_that_stay_empty_end_the_pull(server):
    numbers = iter(range(10_000))
    server.answer = lambda asked: page(cursor=f"c{next(numbers)}")
    assert "50 empty pages in a row" in str(Pull(server).error)


def test_chinese_keys_are_mapped_and_two_names_for_one_field_are_refused(server):
    server.answers(Answer(json.dumps({"data": [{"督促编号": "a", **REMINDER}], "next_cursor": None})))
    assert rows(Pull(server).payload)[0]["reminder_id"] == "a"
    both = {"督促编号": "a", "reminder_id": "b", **REMINDER}
    server.answers(Answer(json.dumps({"data": [both], "next_cursor": None})))
    assert "both stand for reminder_id" in str(Pull(server).error)
