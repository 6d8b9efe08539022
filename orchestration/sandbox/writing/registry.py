"""The world's own configuration: registry, secrets, pseudonym key, and a page that says what all this is."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from orchestration.sandbox.arrivals import INBOX
from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.platforms import DUE_EVERY_PERIOD, SNAPSHOT_FEEDS, PlatformSpec
from orchestration.sandbox.timeline import wall_datetime
from orchestration.sandbox.writing.bureaus import ENCODING
from orchestration.sandbox.writing.keys import pseudonym_key
from orchestration.settings import SANDBOX_KEY, SANDBOX_SECRETS

STATEMENT = (
    "Samples: every platform, bureau, person, number and payment in this world is invented. Ten platforms carry names"
    " from published sources; their data here is not theirs."
)
STATEMENT_ZH = "样例：本数据中的平台、机构、人员、号码和金额均为虚构，不代表任何真实平台的数据。"


# As the registry stood until some selections were changed; beside sources.yml where a world has such changes.
EARLIER_REGISTRY = "sources-earlier.yml"


class _PlainDumper(yaml.SafeDumper):
    """Without anchors: a registry is read by people."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def secret(seed: int, name: str) -> str:
    """A secret of the sandbox: the same for a seed."""
    return hashlib.sha256(f"sandbox:{seed}:{name}".encode()).hexdigest()[:32]


def secrets(world: Draw) -> dict[str, str]:
    found: dict[str, str] = {}
    for spec in world.platforms:
        if spec.connector == "rest":
            found[spec.token_variable] = secret(world.seed, spec.token_variable)
        if spec.learning_connector == "xapi":
            found[user_variable(spec)] = f"lrs-{spec.id.lower()}"
            found[password_variable(spec)] = secret(world.seed, password_variable(spec))
    return found


def user_variable(spec: PlatformSpec) -> str:
    return f"{spec.id}_USER"


def password_variable(spec: PlatformSpec) -> str:
    return f"{spec.id}_PASSWORD"


def write_configuration(directory: Path, world: Draw, port: int) -> datetime | None:
    """sources.yml, sandbox.env, pseudonym.key, README.txt and the inboxes' folders.

    The registry gives inboxes relative to its own folder, so that a world can be moved. Where the selection of
    platforms changed, how it stood before goes beside it, and the answer says until when it stood.
    """
    for sender_id in (*(spec.id for spec in world.platforms if spec.file_format), *(b.id for b in world.bureaus)):
        (directory / INBOX / sender_id).mkdir(parents=True, exist_ok=True)  # there, even where nothing came
    _write_registry(directory / "sources.yml", world, port, world.line.now)
    moments = [spec.before.until for spec in world.platforms if spec.before]
    until = min(moments, default=None)
    if until is not None:
        note = f"# As it stood until {wall_datetime(until).isoformat()}\n"
        _write_registry(directory / EARLIER_REGISTRY, world, port, until, note)
    lines = [f"# {STATEMENT}", *(f"{name}={value}" for name, value in secrets(world).items())]
    (directory / SANDBOX_SECRETS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    key = pseudonym_key(world.seed)
    (directory / SANDBOX_KEY).write_text(key + "\n", encoding="ascii")
    (directory / "README.txt").write_text(_readme(), encoding="utf-8")
    return None if until is None else wall_datetime(until)


def _write_registry(path: Path, world: Draw, port: int, moment: int, note: str = "") -> None:
    document = {
        "platforms": [_platform(spec, port) | _selection(spec, moment) for spec in world.platforms],
        "bureaus": [_bureau(bureau.id, bureau.name, bureau.feeds) for bureau in world.bureaus],
    }
    head = f"# {STATEMENT}\n# {STATEMENT_ZH}\n{note}"
    body = yaml.dump(document, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=200)
    path.write_text(head + body, encoding="utf-8")


def _selection(spec: PlatformSpec, moment: int) -> dict[str, Any]:
    said = spec.selection_at(moment)
    return {
        "selected_from": said.selected_from,
        "selected_to": said.selected_to,
        "selected_by": said.selected_by,
    }


def _platform(spec: PlatformSpec, port: int) -> dict[str, Any]:
    address = f"http://127.0.0.1:{port}/{spec.id.lower()}"
    entry: dict[str, Any] = {"id": spec.id, "name": spec.name, "connector": spec.connector}
    if spec.connector == "rest":
        entry |= {"base_url": address, "token_env": spec.token_variable}
    else:
        entry["inbox"] = f"{INBOX}/{spec.id}"
    if spec.id == "P031":
        entry |= {"encoding": "gb18030", "column_map": "p031"}
    snapshots = {feed for sender, feed in SNAPSHOT_FEEDS if sender == spec.id}
    if spec.learning_connector == "xapi" or snapshots:
        feeds: dict[str, dict[str, Any]] = {feed: {} for feed in spec.feeds}
        for feed in snapshots:
            feeds[feed]["snapshot"] = True
        if spec.learning_connector == "xapi":
            feeds["learning_records"] = {
                "connector": "xapi",
                "base_url": f"{address}/xapi",
                "username_env": user_variable(spec),
                "password_env": password_variable(spec),
            }
        entry["feeds"] = feeds
    else:
        entry["feeds"] = list(spec.feeds)
    return entry | {"ministry_affiliated": spec.is_ministry_affiliated}


def _bureau(bureau_id: str, name: str, feeds: tuple[str, ...]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": bureau_id,
        "name": name,
        "connector": "files",
        "inbox": f"{INBOX}/{bureau_id}",
        "encoding": ENCODING,
    }
    special: dict[str, dict[str, Any]] = {}
    for feed in feeds:
        options: dict[str, Any] = {}
        if (bureau_id, feed) in DUE_EVERY_PERIOD:
            options["due"] = "every_period"
        if (bureau_id, feed) in SNAPSHOT_FEEDS:
            options["snapshot"] = True
        special[feed] = options
    entry["feeds"] = special if any(special.values()) else list(feeds)
    return entry


def _readme() -> str:
    return f"""{STATEMENT}
{STATEMENT_ZH}

sources.yml     the registry of senders (54 sample platforms, 32 bureaus); sources-earlier.yml, where there is one:
                as it stood until the moment that its head names
sandbox.env     the made-up secrets that the registry names
pseudonym.key   the made-up key for person keys
inbox/          what file senders have put down
arrivals.json   when each of those files came
platforms/      what the HTTP server of this world serves
truth.json      the headline numbers, counted while the world was drawn
sandbox.json    seed, size, port, clock

The clock of this world is in sandbox.json; serve it with `warehouse sandbox serve --dir <this folder>`.
"""
