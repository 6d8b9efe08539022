"""A registry of a few senders who exist only in memory, and definitions on them: no dbt run, no HTTP, no files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from dagster import AssetsDefinition, DagsterInstance, Definitions
from dagster._core.definitions.partitions.subset import DefaultPartitionsSubset
from sample_secret import SECRET

import orchestration.definitions
from orchestration.assets.models import model_assets
from orchestration.definitions import build_definitions
from orchestration.landing.ledger import LedgerEntry, PeriodRows, read_ledger
from orchestration.landing.pull import FeedPull, PullTask, Trouble
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.transforming.parsed import parsed_project

NOW = "2020-05-06T12:00:00+08:00"  # in period 4
REGISTRY = """
platforms:
  - {id: P001, name: 样例一, connector: rest, base_url: "http://127.0.0.1:1/p001", token_env: P001_TOKEN}
  - {id: P002, name: 样例二, connector: rest, base_url: "http://127.0.0.1:1/p002", token_env: P002_TOKEN}
  - {id: P003, name: 样例三, connector: files, inbox: inbox/P003, feeds: [courses, registrations]}
bureaus:
  - {id: "420000", name: 湖北, connector: files, inbox: inbox/420000}
  - {id: "110000", name: 北京, connector: files, inbox: inbox/110000, feeds: [dispatch_reports]}
"""


@dataclass
class FakeSenders:
    """Answers pulls from memory: each asked cell brings `rows` rows, except those in `broken`."""

    rows: int = 10
    quarantined: int = 1
    broken: dict[tuple[str, str], str] = field(default_factory=dict)  # (sender, feed) -> message
    silent: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def pull(self, settings, registry, tasks, on_done=None, **_):
        done = [self._answer(settings, task) for task in tasks]
        for pulled in done:
            if on_done is not None:
                on_done(pulled)
        return done

    def _answer(self, settings: Settings, task: PullTask) -> FeedPull:
        sender_id, feed = task.sender.id, task.feed
        self.asked.append((sender_id, feed, task.period.key if task.period else None))
        pulled = FeedPull(task)
        if message := self.broken.get((sender_id, feed)):
            period = task.period.key if task.period else None
            pulled.troubles.append(Trouble(sender_id, feed, period, f"v1/{feed}", None, message, is_transient=False))
        elif sender_id not in self.silent:
            period = task.period.key if task.period else None
            pulled.entries.append(self.land(settings, sender_id, feed, period))
        return pulled

    def land(
        self, settings: Settings, sender_id: str, feed: str, period_key: str | None, holding: Sequence[str] = ()
    ) -> LedgerEntry:
        """A batch, as if the sender had been pulled; without a period one of a whole inbox, with rows of `holding`."""
        period = period_key or "2020-03-23"
        counted = {key: PeriodRows(rows=self.rows, quarantined=self.quarantined) for key in holding or (period,)}
        with read_ledger(settings.landing_dir).appending(sender_id) as ledger:
            name = f"{sender_id}-{feed}-{ledger.next_sequence:06d}"
            return ledger.append(
                LedgerEntry(
                    sequence=0, kind="batch", batch_id=name, sender_id=sender_id, feed=feed,
                    period_start=period_key, periods=counted, payload_sha256="a" * 64,
                    landed_file=f"{feed}/{name}.parquet", landed_file_sha256="b" * 64, rows_count=self.rows,
                    quarantined_rows_count=self.quarantined, received_at=NOW, began_at=NOW,
                    window_from=f"{period}T00:00:00+08:00", window_to="2020-05-06T00:00:00+08:00", is_whole=True,
                    source_name=f"v1/{feed}", bytes_count=4096, key_id="k",
                )
            )  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def models_of_one_project() -> Iterator[None]:
    """dbt's models are the same for every registry and clock: made once for each state of the project and its seeds."""
    made: dict[Path, AssetsDefinition] = {}

    def once(settings: Settings) -> AssetsDefinition:
        state = parsed_project(settings)
        if state not in made:
            made[state] = model_assets(settings)
        return made[state]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(orchestration.definitions, "model_assets", once)
        yield


@pytest.fixture(autouse=True)
def dagsters_own_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's queue changes Dagster where it is loaded (dagster_home/backfills.py); no test may leave that."""
    own = DefaultPartitionsSubset.get_partition_key_ranges
    monkeypatch.setattr(DefaultPartitionsSubset, "get_partition_key_ranges", own)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    registry = tmp_path / "sources.yml"
    registry.write_text(REGISTRY, encoding="utf-8")
    return Settings.from_environment(
        {
            "WAREHOUSE_DIR": str(tmp_path / "warehouse"),
            "WAREHOUSE_SOURCES": str(registry),
            "WAREHOUSE_NOW": NOW,
            "WAREHOUSE_PSEUDONYM_KEY": "0f" * 32,
            "P001_TOKEN": SECRET,
            "P002_TOKEN": SECRET,
        }
    )


@pytest.fixture
def senders() -> FakeSenders:
    return FakeSenders()


@pytest.fixture
def warehouse(settings: Settings, senders: FakeSenders) -> Warehouse:
    return replace(Warehouse(settings), pull=senders.pull, land_configuration=lambda _: None)


@pytest.fixture
def definitions(warehouse: Warehouse) -> Definitions:
    return build_definitions(warehouse=warehouse)


@pytest.fixture
def instance():
    with DagsterInstance.ephemeral() as made:
        yield made


Run = Callable[..., object]
