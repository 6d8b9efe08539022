"""What the platforms answer: a REST interface and an LRS each, with faults on demand. `server` puts it on a port."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestration.sandbox.faults import Fault, as_faults
from orchestration.sandbox.platforms import PlatformSpec, platforms
from orchestration.sandbox.timeline import timeline
from orchestration.sandbox.world import Manifest
from orchestration.sandbox.writing import xapi
from orchestration.sandbox.writing.registry import STATEMENT, STATEMENT_ZH, password_variable, secret, user_variable
from orchestration.sandbox.writing.store import Rows
from orchestration.settings import SHANGHAI

MAXIMUM_LIMIT = 5_000
USUAL_LIMIT = 1_000
RETRY_AFTER_SECONDS = "1"
SAMPLES = ("X-Sandbox", "samples")
XAPI_VERSIONS = ("1.0.3", "2.0.0")
XAPI_VERSION_HEADER = "X-Experience-API-Version"


class _BadRequest(Exception):
    """Becomes a 400 with its text."""


@dataclass
class _World:
    """What is served: rows are read when first asked for and stay in memory."""

    directory: Path
    manifest: Manifest
    faults: tuple[Fault, ...]
    specs: dict[str, PlatformSpec]
    rows: dict[tuple[str, str], Rows] = field(default_factory=dict)
    statements: dict[str, tuple[dict[str, int], frozenset[str]]] = field(default_factory=dict)
    answered: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def feed(self, spec: PlatformSpec, feed: str) -> Rows:
        key = (spec.id, feed)
        if key not in self.rows:
            self.rows[key] = Rows(self.directory, spec.id, feed)
        return self.rows[key]

    def faults_of(self, platform_id: str) -> list[Fault]:
        return [fault for fault in self.faults if fault.concerns(platform_id)]

    def is_still_due(self, fault: Fault, platform_id: str, feed: str) -> bool:
        """Count an answer of a fault that ends after `number` of them; False once they are used up."""
        key = (fault.kind, platform_id, feed)
        self.answered[key] += 1
        return self.answered[key] <= (fault.number or 0)


def make_app(directory: Path, faults: Iterable[Fault | str] | str | None = None) -> ASGIApp:
    """The application that serves the world in `directory`. Raises SandboxError if there is none, FaultError."""
    manifest = Manifest.read(directory)
    specs = {spec.id.lower(): spec for spec in platforms(timeline().campaign.first_day)}
    world = _World(directory, manifest, as_faults(faults), specs)

    async def rest(request: Request) -> Response:
        spec = world.specs.get(request.path_params["platform"])
        feed = request.path_params["feed"]
        if spec is None or spec.connector != "rest" or feed not in spec.feeds:
            return _problem(404, "no such platform or feed")
        if feed == "learning_records" and spec.learning_connector == "xapi":
            return _problem(404, "this platform keeps learning records in its LRS")
        return await _with_faults(world, spec, feed, request, _check_token, _rest_page)

    async def lrs(request: Request) -> Response:
        spec = world.specs.get(request.path_params["platform"])
        if spec is None or spec.learning_connector != "xapi":
            return _problem(404, "no such LRS")
        return await _with_faults(world, spec, "learning_records", request, _check_basic, _statements)

    async def about(request: Request) -> Response:
        return JSONResponse(
            {
                "statement": STATEMENT,
                "statement_zh": STATEMENT_ZH,
                "seed": manifest.seed,
                "now": manifest.now,
                "platforms": {spec.id: spec.name for spec in world.specs.values() if spec.connector == "rest"},
                "faults": [str(fault) for fault in world.faults],
            }
        )

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "directory": str(directory.resolve())})

    routes = [
        Route("/", about),
        Route("/health", health),
        Route("/{platform}/v1/{feed}", rest, methods=["GET"]),
        Route("/{platform}/xapi/statements", lrs, methods=["GET"]),
    ]
    return _say_samples(Starlette(routes=routes))


def _say_samples(app: ASGIApp) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message):  # type: ignore[no-untyped-def]
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (SAMPLES[0].lower().encode(), SAMPLES[1].encode())]
            await send(message)

        await app(scope, receive, send_marked)

    return wrapped


def _problem(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status_code=status, headers=headers)


Check = Callable[[_World, PlatformSpec, Request], Response | None]
Answer = Callable[[_World, PlatformSpec, str, Request], Response]


async def _with_faults(
    world: _World, spec: PlatformSpec, feed: str, request: Request, check: Check, answer: Answer
) -> Response:
    faults = {fault.kind: fault for fault in world.faults_of(spec.id)}
    if "slow" in faults:
        await asyncio.sleep(faults["slow"].number or 0)
    if "unauthorized" in faults:
        return _problem(401, "the token was refused", {"WWW-Authenticate": "Bearer"})
    if "forbidden" in faults:
        return _problem(403, "this client may not read this")
    if "broken" in faults:
        return _problem(500, "internal error")
    if "flaky" in faults and world.is_still_due(faults["flaky"], spec.id, feed):
        return _problem(503, "try again", {"Retry-After": RETRY_AFTER_SECONDS})
    if "ratelimit" in faults and world.is_still_due(faults["ratelimit"], spec.id, feed):
        return _problem(429, "too many requests", {"Retry-After": RETRY_AFTER_SECONDS})
    refusal = check(world, spec, request)
    if refusal is not None:
        return refusal
    try:
        response = answer(world, spec, feed, request)
    except _BadRequest as error:
        return _problem(400, str(error))
    if "garbled" in faults and world.is_still_due(faults["garbled"], spec.id, feed):
        return Response(b"<html>gateway</html>", media_type="application/json")
    if "cut" in faults and world.is_still_due(faults["cut"], spec.id, feed):
        return _cut_off(bytes(response.body))
    return response


def _cut_off(body: bytes) -> Response:
    """Promises the whole body and sends half of it."""

    async def half() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        raise ConnectionResetError("cut on demand")

    return StreamingResponse(half(), media_type="application/json", headers={"Content-Length": str(len(body))})


def _check_token(world: _World, spec: PlatformSpec, request: Request) -> Response | None:
    wanted = f"Bearer {secret(world.manifest.seed, spec.token_variable)}"
    if hmac.compare_digest(request.headers.get("authorization", "").encode(), wanted.encode()):
        return None
    return _problem(401, "bearer token missing or wrong", {"WWW-Authenticate": "Bearer"})


def _check_basic(world: _World, spec: PlatformSpec, request: Request) -> Response | None:
    pair = f"lrs-{spec.id.lower()}:{secret(world.manifest.seed, password_variable(spec))}"
    wanted = "Basic " + base64.b64encode(pair.encode()).decode()
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), wanted.encode()):
        return _problem(401, f"basic auth missing or wrong ({user_variable(spec)})", {"WWW-Authenticate": "Basic"})
    if request.headers.get(XAPI_VERSION_HEADER) not in XAPI_VERSIONS:
        return _problem(400, f"{XAPI_VERSION_HEADER} must be one of {', '.join(XAPI_VERSIONS)}")
    return None


def _rest_page(world: _World, spec: PlatformSpec, feed: str, request: Request) -> Response:
    rows = world.feed(spec, feed)
    query = request.query_params
    after = _moment(query.get("updated_from"), "updated_from", float("-inf"))
    before = _moment(query.get("updated_to"), "updated_to", float("inf"))
    first, last = rows.span(after, before, is_after_inclusive=True, is_before_inclusive=False)
    limit = _limit(query.get("limit"))
    begin = _cursor(query.get("cursor"), first, last)
    end = min(begin + limit, last)
    cursor = orjson.dumps(f"{end}" if end < last else None)
    body = b'{"data":[' + rows.joined(begin, end) + b'],"next_cursor":' + cursor + b"}"
    return Response(body, media_type="application/json")


def _statements(world: _World, spec: PlatformSpec, feed: str, request: Request) -> Response:
    rows = world.feed(spec, feed)
    query = request.query_params
    single = query.get("statementId") or query.get("voidedStatementId")
    if single:
        return _statement(world, spec, rows, single, request, is_voided="voidedStatementId" in query)
    if query.get("ascending", "false") != "true":
        raise _BadRequest("ascending: only true is served here")
    after = _moment(query.get("since"), "since", float("-inf"))
    before = _moment(query.get("until"), "until", float("inf"))
    first, last = rows.span(after, before, is_after_inclusive=False, is_before_inclusive=True)
    limit = _limit(query.get("limit"))
    begin = _cursor(query.get("from"), first, last)
    end = min(begin + limit, last)
    more = ""
    if end < last:
        kept = {name: query[name] for name in ("since", "until", "ascending", "limit") if name in query}
        more = f"{request.url.path}?{urlencode(kept | {'from': str(end)})}"
    body = b'{"statements":[' + rows.joined(begin, end) + b'],"more":' + orjson.dumps(more) + b"}"
    return Response(body, media_type="application/json", headers=_lrs_headers(request))


def _statement(
    world: _World, spec: PlatformSpec, rows: Rows, statement_id: str, request: Request, *, is_voided: bool
) -> Response:
    """One statement by its id. Lists go on showing what was voided, since they may be asked as of an earlier clock."""
    if spec.id not in world.statements:
        world.statements[spec.id] = xapi.index(rows)
    places, voided = world.statements[spec.id]
    if statement_id not in places or (statement_id in voided) != is_voided:
        return _problem(404, "no such statement", _lrs_headers(request))
    place = places[statement_id]
    return Response(rows.joined(place, place + 1), media_type="application/json", headers=_lrs_headers(request))


def _lrs_headers(request: Request) -> dict[str, str]:
    return {
        XAPI_VERSION_HEADER: request.headers[XAPI_VERSION_HEADER],
        "X-Experience-API-Consistent-Through": datetime.now(tz=UTC).isoformat(),
    }


def _moment(text: str | None, name: str, missing: float) -> float:
    """Wall seconds of ISO 8601 with an offset."""
    if not text:
        return missing
    try:
        # A plus sign that wasn't escaped arrives as a blank.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise _BadRequest(f"{name}: {text!r} is not ISO 8601") from None
    if moment.tzinfo is None:
        raise _BadRequest(f"{name}: {text!r} has no offset")
    return moment.astimezone(SHANGHAI).replace(tzinfo=UTC).timestamp()


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL_LIMIT
    if not text.isdigit() or not 1 <= int(text) <= MAXIMUM_LIMIT:
        raise _BadRequest(f"limit: {text!r} is not a whole number from 1 to {MAXIMUM_LIMIT}")
    return int(text)


def _cursor(text: str | None, first: int, last: int) -> int:
    if text is None:
        return first
    if not text.isdigit() or not first <= int(text) <= last:
        raise _BadRequest("cursor: not one of this query's")
    return int(text)
