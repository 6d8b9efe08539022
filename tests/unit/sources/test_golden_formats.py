"""Each wire format: a real payload in `given`, its rows, written by hand, in `expected`."""

from __future__ import annotations

import shutil

import pytest
from reading import GOLDEN, NOW, SECRETS, expected_rows, period, rows, sender, source
from scripted_server import Answer, Asked, ScriptedServer

from orchestration.sources.connectors import fetch
from orchestration.sources.payload import Payload


def test_rest_pages(server: ScriptedServer) -> None:
    given = GOLDEN / "rest" / "given"
    server.answer = lambda asked: Answer(
        (given / ("page_2.json" if asked.parameters.get("cursor") == "p2" else "page_1.json")).read_bytes()
    )
    feed_source = source("registrations", "rest", base_url=server.url)
    (payload,) = fetch(feed_source, sender(), "registrations", period(1), NOW, resolve_secret=SECRETS.get)
    assert isinstance(payload, Payload), payload
    assert _nulled_empty_texts(rows(payload)) == expected_rows(GOLDEN / "rest" / "expected" / "rows.csv")
    assert [(c.name, c.type, c.filled_share) for c in payload.unknown_columns] == [("wechat_openid", "text", 0.3333)]


def test_xapi_statements(server: ScriptedServer) -> None:
    given = GOLDEN / "xapi" / "given"

    def answer(asked: Asked) -> Answer:
        if voided := asked.parameters.get("voidedStatementId"):
            return Answer((given / f"voided_{voided}.json").read_bytes())
        return Answer((given / ("page_2.json" if asked.path == "/lrs/more/page-2" else "page_1.json")).read_bytes())

    server.answer = answer
    feed_source = source("learning_records", "xapi", base_url=f"{server.url}/lrs/xapi")
    (payload,) = fetch(feed_source, sender(), "learning_records", period(2), NOW, resolve_secret=SECRETS.get)
    assert isinstance(payload, Payload), payload
    assert rows(payload) == expected_rows(GOLDEN / "xapi" / "expected" / "rows.csv")


@pytest.mark.parametrize(
    ("folder", "file", "sender_id", "feed", "keys"),
    [
        ("ndjson", "certificates.ndjson", "P001", "certificates", {}),
        ("csv_gb18030", "registrations.csv", "P031", "registrations", {"encoding": "gb18030", "column_map": "p031"}),
        ("workbook", "dispatch.xlsx", "420000", "dispatch_reports", {}),
        ("sheet", "training_projects.xlsx", "420000", "training_projects", {}),
    ],
)
def test_files(tmp_path, folder: str, file: str, sender_id: str, feed: str, keys: dict) -> None:
    is_bureau = sender_id.isdigit()
    inbox = tmp_path / feed / ("period=2020-03-23" if is_bureau else "")
    inbox.mkdir(parents=True)
    shutil.copy(GOLDEN / folder / "given" / file, inbox / file)
    feed_source = source(feed, "files", inbox=str(tmp_path), **keys)
    (payload,) = fetch(
        feed_source, sender(sender_id), feed, period(1) if is_bureau else None, NOW, resolve_secret=SECRETS.get
    )
    assert isinstance(payload, Payload), payload
    assert rows(payload) == expected_rows(GOLDEN / folder / "expected" / "rows.csv")


def _nulled_empty_texts(found: list[dict]) -> list[dict]:
    # CSV can't tell an empty text from a null; JSON can, and the reader keeps it (test_ndjson.py).
    return [{name: None if value == "" else value for name, value in row.items()} for row in found]
