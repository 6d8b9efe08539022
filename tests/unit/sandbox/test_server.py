"""The platforms over HTTP: what a client may rely on, and every fault."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from orchestration.sandbox import Manifest, SandboxError, make_world
from orchestration.sandbox.faults import KINDS
from orchestration.sandbox.server import serve, start_server

FROM, TO = "2020-04-06T00:00:00+08:00", "2020-04-20T00:00:00+08:00"
FAULTS = ",".join(
    (
        "down:P002", "unauthorized:P003", "flaky:P005:2", "ratelimit:P006", "broken:P007", "cut:P008", "garbled:P009",
        "slow:P010:0.4", "forbidden:P011",
    )
)  # fmt: skip
assert all(kind in FAULTS for kind in KINDS)


class Client:
    """Asks a served world with the right secrets."""

    def __init__(self, world, address: str) -> None:
        self.world, self.address = world, address
        self.http = httpx.Client(base_url=address, timeout=10)

    def rest(self, platform: str, feed: str = "registrations", **query) -> httpx.Response:
        token = self.world.secrets[f"PLATFORM_{platform}_TOKEN"]
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.get(f"/{platform.lower()}/v1/{feed}", params=query, headers=headers)

    def rows(self, platform: str, feed: str, limit: int, **query) -> list[dict]:
        found, cursor = [], None
        while True:
            page = self.rest(platform, feed, limit=limit, **query, **({"cursor": cursor} if cursor else {})).json()
            assert len(page["data"]) <= limit
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def lrs(
        self, platform: str = "P024", path: str = "xapi/statements", version: str = "1.0.3", **query
    ) -> httpx.Response:
        auth = (self.world.secrets[f"{platform}_USER"], self.world.secrets[f"{platform}_PASSWORD"])
        headers = {"X-Experience-API-Version": version}
        return self.http.get(f"/{platform.lower()}/{path}", params=query or None, headers=headers, auth=auth)


@pytest.fixture(scope="module")
def client(world) -> Iterator[Client]:
    with start_server(world.directory, FAULTS) as address:
        yield Client(world, address)


def _stored(statement: dict) -> str:
    return statement["stored"]


def test_a_page_is_json_and_says_that_it_is_a_sample(client):
    answer = client.rest("P001", limit=10)
    assert answer.status_code == 200
    assert answer.headers["X-Sandbox"] == "samples"
    assert set(answer.json()) == {"data", "next_cursor"}
    assert len(answer.json()["data"]) == 10


def test_pages_of_any_size_give_the_same_rows_in_the_same_order(client):
    window = {"updated_from": FROM, "updated_to": TO}
    assert client.rows("P001", "learning_records", 7, **window) == client.rows(
        "P001", "learning_records", 5_000, **window
    )


def test_windows_share_no_row_and_lose_none(client, world):
    index = world.directory / "platforms" / "P001" / "registrations.ndjson"
    everything = [orjson.loads(line) for line in index.read_bytes().splitlines()]
    before = client.rows("P001", "registrations", 5_000, updated_to=FROM)
    within = client.rows("P001", "registrations", 5_000, updated_from=FROM, updated_to=TO)
    after = client.rows("P001", "registrations", 5_000, updated_from=TO)
    assert before and within and after
    assert before + within + after == everything


def test_a_window_begins_with_its_first_instant_and_ends_before_its_last(client, world):
    row = next(r for r in client.rows("P001", "courses", 5_000) if r["updated_at"].endswith("+08:00"))
    moment = row["updated_at"]
    assert row in client.rows("P001", "courses", 5_000, updated_from=moment)
    assert row not in client.rows("P001", "courses", 5_000, updated_to=moment)


def test_an_offset_is_an_offset(client):
    utc = client.rows("P001", "registrations", 5_000, updated_from="2020-04-05T16:00:00Z", updated_to=TO)
    assert utc == client.rows("P001", "registrations", 5_000, updated_from=FROM, updated_to=TO)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"}, {"limit": "5001"}, {"limit": "many"}, {"updated_from": "yesterday"},
        {"updated_from": "2020-04-06T00:00:00"}, {"cursor": "-1"}, {"cursor": "99999999"},
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_a_400_that_says_why(client, query):
    answer = client.rest("P001", **query)
    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["error"]


def test_no_token_or_anothers_token_is_a_401(client, world):
    assert client.http.get("/p001/v1/registrations").status_code == 401
    other = {"Authorization": f"Bearer {world.secrets['PLATFORM_P004_TOKEN']}"}
    assert client.http.get("/p001/v1/registrations", headers=other).status_code == 401


@pytest.mark.parametrize(
    "path", ["/p001/v1/nothing", "/p099/v1/registrations", "/p031/v1/registrations", "/p024/v1/learning_records"]
)
def test_what_is_not_served_is_a_404(client, path):
    assert client.http.get(path).status_code == 404


def test_an_lrs_window_is_exclusive_then_inclusive(client):
    statements = client.lrs(ascending="true", limit=200).json()["statements"]
    first, last = _stored(statements[5]), _stored(statements[15])
    found = client.lrs(ascending="true", since=first, until=last).json()["statements"]
    assert [s["id"] for s in found] == [s["id"] for s in statements if first < _stored(s) <= last]


def test_an_lrs_goes_on_at_a_relative_address(client):
    whole = client.lrs(ascending="true", limit=5_000, until=TO).json()
    assert whole["more"] == ""
    found, answer = [], client.lrs(ascending="true", limit=9, until=TO).json()
    while True:
        found += answer["statements"]
        if not answer["more"]:
            break
        assert answer["more"].startswith("/p024/xapi/statements?")
        answer = client.lrs(path=answer["more"].removeprefix("/p024/")).json()
    assert found == whole["statements"]
    assert len(found) > 9


def test_an_lrs_speaks_the_version_it_is_asked_in(client):
    assert client.lrs(ascending="true", limit=1, version="1.0.3").headers["X-Experience-API-Version"] == "1.0.3"
    assert client.lrs(ascending="true", limit=1, version="0.9").status_code == 400
    assert {s["version"] for s in client.lrs("P029", ascending="true").json()["statements"]} == {"2.0.0"}
    assert client.http.get("/p024/xapi/statements", auth=("lrs-p024", "guess")).status_code == 401


def test_an_lrs_also_sends_what_breaks_the_contract(client, world):
    statements = client.lrs(ascending="true", limit=5_000).json()["statements"]
    assert sum("context" not in s for s in statements if not s["verb"]["id"].endswith("/voided")) == 1
    assert sum(s.get("result", {}).get("score", {}).get("scaled", 0) > 1 for s in statements) == 1
    refused = [
        r["reason"] for r in world.table("quarantine") if r["sender_id"] == "P024" and r["feed"] == "learning_records"
    ]
    assert sorted(refused) == ["missing_required", "out_of_range"]


def test_an_lrs_shows_a_voided_statement_to_who_asks_for_it(client):
    found = [
        (p, s)
        for p in ("P024", "P025", "P026", "P027", "P028")
        for s in client.lrs(p, ascending="true", limit=5_000).json()["statements"]
    ]
    platform, voiding = next((p, s) for p, s in found if s["verb"]["id"].endswith("/voided"))
    target = voiding["object"]["id"]
    assert client.lrs(platform, voidedStatementId=target).json()["id"] == target
    assert client.lrs(platform, statementId=target).status_code == 404
    assert client.lrs(platform, voidedStatementId=voiding["id"]).status_code == 404


def test_a_platform_that_is_down_hangs_up(client):
    with pytest.raises(httpx.RemoteProtocolError):
        client.rest("P002")


def test_a_refused_token_stays_refused(client):
    assert [client.rest("P003").status_code for _ in range(3)] == [401] * 3
    assert client.rest("P011").status_code == 403


def test_a_flaky_platform_recovers_and_says_when_to_come_back(client):
    answers = [client.rest("P005") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 200, 200]
    assert float(answers[0].headers["Retry-After"]) > 0
    assert client.rest("P005", "courses").status_code == 503, "each feed has its own count"


def test_a_rate_limit_ends(client):
    answers = [client.rest("P006") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 200]
    assert float(answers[0].headers["Retry-After"]) > 0


def test_a_broken_platform_stays_broken(client):
    assert [client.rest("P007").status_code for _ in range(2)] == [500, 500]


def test_a_cut_body_is_shorter_than_promised_and_the_next_one_whole(client):
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete|complete message"):
        client.rest("P008", limit=100)
    assert client.rest("P008", limit=100).json()["data"]


def test_a_garbled_body_is_no_json_once(client):
    with pytest.raises(ValueError):
        client.rest("P009").json()
    assert client.rest("P009").json()["data"]


def test_a_slow_platform_answers_late(client):
    began = time.monotonic()
    assert client.rest("P010").status_code == 200
    assert time.monotonic() - began >= 0.4


def test_faults_leave_the_other_platforms_alone(client):
    assert [client.rest(f"P{number:03d}").status_code for number in (1, 4, 12)] == [200] * 3


def test_the_front_page_says_what_this_is(client):
    page = client.http.get("/").json()
    assert "invented" in page["statement"] and "样例" in page["statement_zh"]
    assert page["platforms"]["P001"] == "中国职业培训在线"
    assert "down:P002" in page["faults"]


@pytest.fixture(scope="module")
def other_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world whose port is free until a test takes it."""
    directory = tmp_path_factory.mktemp("other")
    make_world(directory, registrations=20, port=0)
    return directory


def test_the_server_is_gone_after_its_block(other_world):
    with start_server(other_world) as address:
        assert httpx.get(f"{address}/health").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/health")


def test_a_taken_port_is_a_clear_error(other_world):
    port = Manifest.read(other_world).port
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(SandboxError, match=f"port {port}"):
            serve(other_world)
        with pytest.raises(SandboxError, match=f"port {port}"), start_server(other_world):
            pass


def test_no_world_is_a_clear_error(tmp_path):
    with pytest.raises(SandboxError, match="make a world first"), start_server(tmp_path):
        pass
