"""No connector keeps its turn while it waits for a server, and none works on rows without one."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from reading import NOW, SECRETS, period, sender, source
from scripted_server import Answer, Asked, ScriptedServer

from orchestration.sources import files
from orchestration.sources.connectors import fetch
from orchestration.sources.payload import Payload
from orchestration.sources.servers import rest, xapi

VOIDING = {
    "id": "v", "actor": {"name": "王小明"}, "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
    "object": {"objectType": "StatementRef", "id": "stored long ago"}, "stored": "2020-04-08T09:00:00+08:00",
    "timestamp": "2020-04-08T09:00:00+08:00",
}  # fmt: skip


class Watched:
    """A turn that knows whether it is held."""

    is_held = False

    def __enter__(self) -> None:
        assert not self.is_held
        self.is_held = True

    def __exit__(self, *problem: object) -> None:
        self.is_held = False


@pytest.mark.parametrize(
    ("connector", "feed", "module", "worker"),
    [
        ("files", "courses", files, "read_file"),
        ("rest", "reminders", rest, "read_rows"),
        ("xapi", "learning_records", xapi, "learning_record_fields"),
        ("xapi", "learning_records", xapi, "voidings"),
        ("xapi", "learning_records", xapi, "rows_of_table"),
    ],
)
def test_rows_are_worked_on_in_turn_and_servers_waited_for_without(
    connector, feed, module, worker, server: ScriptedServer, tmp_path, monkeypatch
):
    turn, seen = Watched(), []
    work = getattr(module, worker)

    def watched(*arguments, **more):
        seen.append(("work", turn.is_held))
        return work(*arguments, **more)

    def answer(asked: Asked) -> Answer:
        seen.append(("wait", turn.is_held))
        if connector == "rest":
            row = {"reminder_id": "a", "registration_id": "R-1", "sent_at": NOW.isoformat(), "channel": "sms"}
            return Answer(json.dumps({"data": [row], "next_cursor": None}))
        if "voidedStatementId" in asked.parameters:
            return Answer(status=404)
        since = datetime.fromisoformat(asked.parameters.get("since", "0001-01-01T00:00:00+00:00"))
        found = [VOIDING] if since < datetime.fromisoformat(VOIDING["stored"]) else []
        return Answer(json.dumps({"statements": found, "more": ""}))

    monkeypatch.setattr(module, worker, watched)
    server.answer = answer
    (tmp_path / "courses").mkdir()
    (tmp_path / "courses" / "one.ndjson").write_text('{"course_id": "C1"}\n', encoding="utf-8")
    where = {"inbox": str(tmp_path)} if connector == "files" else {"base_url": server.url}
    (found,) = fetch(
        source(feed, connector, **where), sender(), feed, period(2), NOW, resolve_secret=SECRETS.get, turn=turn
    )
    assert isinstance(found, Payload), found
    assert ("work", True) in seen
    assert {("work", False), ("wait", True)}.isdisjoint(seen)
    assert connector == "files" or seen.count(("wait", False)) >= (2 if connector == "xapi" else 1)
    assert not turn.is_held
