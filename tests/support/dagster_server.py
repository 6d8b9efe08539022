"""A running `dagster dev`, asked through the interface that its own pages use."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from support.ports import free_port

from orchestration.dagster_home import prepare_dagster_home
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.waiting import comes_up

# A first start parses dbt's project, and other programs may be busy beside it.
START_SECONDS = 240
RUN_SECONDS = 300

RUNS = """{runsOrError(limit: 200) {... on Runs {results {
  runId jobName status assetSelection {path} tags {key value} stats {... on RunStatsSnapshot {stepsFailed}}
}}}}"""
PARTITIONS = """query ($path: [String!]!) {assetNodeOrError(assetKey: {path: $path}) {... on AssetNode {
  assetPartitionStatuses {... on MultiPartitionStatuses {ranges {primaryDimStartKey primaryDimEndKey secondaryDim {
    ... on DefaultPartitionStatuses {materializedPartitions failedPartitions}}}}}}}}"""

SENSOR = {
    "repositoryLocationName": "warehouse",
    "repositoryName": "__repository__",
    "sensorName": "marts_follow_landing",
}
SENSOR_ID = "query ($s: SensorSelector!) {sensorOrError(sensorSelector: $s) {... on Sensor {sensorState {id}}}}"
START_SENSOR = "mutation ($s: SensorSelector!) {startSensor(sensorSelector: $s) {__typename}}"
STOP_SENSOR = "mutation ($id: String) {stopSensor(id: $id) {__typename}}"


@dataclass
class Dagster:
    """A running Dagster, asked through the interface that its own pages use."""

    url: str
    home: Path
    settings: Settings
    log: Path

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def runs(self) -> list[dict[str, Any]]:
        return self.graphql(RUNS)["runsOrError"]["results"]

    def follow_landing(self, *, on: bool) -> None:
        """Turn the sensor on or off: each landing would cost a build of the marts."""
        if on:
            answer = self.graphql(START_SENSOR, s=SENSOR)["startSensor"]
        else:
            state = self.graphql(SENSOR_ID, s=SENSOR)["sensorOrError"]["sensorState"]["id"]
            answer = self.graphql(STOP_SENSOR, id=state)["stopSensor"]
        assert answer["__typename"] in ("Sensor", "StopSensorMutationResult"), answer

    def wait_for_run(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The newest run that `wanted` picks, once it has ended."""
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            found = [run for run in self.runs() if wanted(run)]
            if found and found[0]["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
                return found[0]
            time.sleep(1)
        raise AssertionError(f"no such run ended in {RUN_SECONDS} s; {self.tail()}")

    def partitions(self, feed: str) -> dict[str, set[str]]:
        """`failed` and `materialized` partition keys of a landing asset."""
        node = self.graphql(PARTITIONS, path=["landing", feed])["assetNodeOrError"]
        found: dict[str, set[str]] = {"failed": set(), "materialized": set()}
        for piece in node["assetPartitionStatuses"]["ranges"]:
            assert piece["primaryDimStartKey"] == piece["primaryDimEndKey"], piece
            for status in found:
                keys = piece["secondaryDim"][f"{status}Partitions"]
                found[status] |= {f"{piece['primaryDimStartKey']}|{key}" for key in keys}
        return found

    def tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


@contextmanager
def running_dagster(environment: Mapping[str, str], log: Path) -> Iterator[Dagster]:
    """Dagster on the warehouse that `environment` names, at a free port, until the block ends."""
    settings = Settings.from_environment(environment)
    home = prepare_dagster_home(settings)
    port = free_port()
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env={**environment, "DAGSTER_HOME": str(home)}, stdout=output, stderr=output
        )
        try:
            started = Dagster(f"http://127.0.0.1:{port}", home, settings, log)
            is_up = comes_up(f"{started.url}/server_info", process, START_SECONDS)
            assert is_up, f"dagster dev ended: {started.tail()}"
            yield started
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
