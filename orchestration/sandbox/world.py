"""Make a world: draw it, write what its senders send, write the truth beside it."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.sandbox.arrivals import ARRIVALS, HELD, INBOX, write_arrivals
from orchestration.sandbox.dispatch import draw_reports
from orchestration.sandbox.drawing import draw
from orchestration.sandbox.errors import SandboxError
from orchestration.sandbox.fraud.scenarios import add_fraud
from orchestration.sandbox.restatements import Restated, add_restatements
from orchestration.sandbox.timeline import SANDBOX_NOW
from orchestration.sandbox.truth.summary import write_truth
from orchestration.sandbox.writing import store
from orchestration.sandbox.writing.bureaus import write_bureaus
from orchestration.sandbox.writing.dispatch import write_reports
from orchestration.sandbox.writing.platforms import write_platforms
from orchestration.sandbox.writing.registry import EARLIER_REGISTRY, STATEMENT, STATEMENT_ZH, write_configuration
from orchestration.settings import SANDBOX_MANIFEST

RECORDS_A_REGISTRATION = 5


# Everything that a world's folder may hold; a folder with anything else in it is never cleared.
OWN = frozenset(
    {"sources.yml", "sandbox.env", "pseudonym.key", "README.txt", "truth.json", "server.log", SANDBOX_MANIFEST}
    | {ARRIVALS, EARLIER_REGISTRY, INBOX, HELD, store.FOLDER}
)


@dataclass(frozen=True)
class Manifest:
    """sandbox.json: what made this world. `now` is its clock, ISO 8601 with offset; until `registry_changed_at` the
    registry stood as in sources-earlier.yml."""

    seed: int
    registrations: int
    learning_records: int
    messy: bool
    port: int
    now: str
    fraud: bool = False
    restatements: bool = False
    registry_changed_at: str | None = None
    statement: str = STATEMENT
    statement_zh: str = STATEMENT_ZH

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """The manifest of a world. Raises SandboxError if `directory` holds none."""
        path = directory / SANDBOX_MANIFEST
        if not path.is_file():
            raise SandboxError(f"{directory}: no {SANDBOX_MANIFEST} here; make a world first (warehouse sandbox make)")
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def make_world(
    directory: Path,
    *,
    registrations: int = 60_000,
    seed: int = 20200323,
    messy: bool = True,
    port: int = 8701,
    learning_records: int | None = None,
    fraud: bool = False,
    restatements: bool = False,
    on_step: Callable[[str], None] | None = None,
) -> Manifest:
    """Write a world into `directory`, replacing an earlier world there (and nothing else).

    The same arguments give the same bytes. `learning_records` is about five a registration unless given; `port` 0 picks
    a free one; `messy` adds rows that break the contract; `fraud` the published schemes among honest look-alikes, on
    top of the registrations asked for; `restatements` each cause for which a recorded number departs from the one that
    was reported; `on_step` hears the name of each step. Raises SandboxError.
    """
    if registrations < 1 or not 0 <= port < 65_536 or seed < 0:
        raise SandboxError(f"registrations {registrations}, port {port}, seed {seed}: out of range")
    directory = directory.resolve()
    _clear(directory)
    tell = on_step or (lambda _: None)
    records = learning_records or registrations * RECORDS_A_REGISTRATION
    tell("draw")
    world = draw(seed, registrations, records)
    if fraud:
        world = add_fraud(world)
    restated: tuple[Restated, ...] = ()
    if restatements:
        world, restated = add_restatements(world)
    tell("write platforms")
    counted = write_platforms(directory, world, messy=messy)
    tell("write bureaus")
    write_bureaus(directory, world, counted, messy=messy)
    tell("file reports")
    reports = draw_reports(world, messy=messy)
    write_reports(directory, world, reports, counted)
    tell("count the truth")
    write_truth(directory / "truth.json", world, counted, reports, STATEMENT, restated)
    write_arrivals(directory, counted.arrivals)
    chosen = port or _free_port()
    changed_at = write_configuration(directory, world, chosen)
    manifest = Manifest(
        seed,
        registrations,
        records,
        messy,
        chosen,
        SANDBOX_NOW.isoformat(),
        fraud,
        restatements,
        changed_at.isoformat() if changed_at else None,
    )
    # Written last: a folder without it holds no world, only the remains of an interrupted making.
    (directory / SANDBOX_MANIFEST).write_text(
        json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    return manifest


def _clear(directory: Path) -> None:
    """Make room: an earlier world goes, a folder that holds anything else is refused."""
    directory.mkdir(parents=True, exist_ok=True)
    strange = sorted(entry.name for entry in directory.iterdir() if entry.name not in OWN)
    if strange:
        raise SandboxError(f"{directory}: holds {', '.join(strange[:5])}, which no world has; choose another folder")
    # The manifest first, so that a half-cleared folder isn't taken for a world.
    for name in (SANDBOX_MANIFEST, *sorted(OWN - {SANDBOX_MANIFEST})):
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
