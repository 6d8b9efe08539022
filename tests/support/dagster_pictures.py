"""Dagster's own pages on a warehouse that the `warehouse` command has filled, for pictures: nothing is run, and nothing
is written beside the warehouse.

    ledgers → what the grid's sensor reports → a Dagster of its own in a temporary folder → its webserver
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dagster import DagsterInstance, Definitions, build_sensor_context
from support.ports import free_port

from orchestration.dagster_home import TEMPLATE
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.waiting import comes_up

GRID_SENSOR = "partitions_follow_ledgers"
START_SECONDS = 600


@contextmanager
def dagster_pages(settings: Settings, definitions: Definitions) -> Iterator[str]:
    """The address of a webserver whose grid shows what was landed; without a daemon, so that no schedule starts."""
    with TemporaryDirectory() as home:
        template = TEMPLATE.read_text(encoding="utf-8").replace("base_dir: DAGSTER_HOME/", f"base_dir: {home}/")
        waiting = f"\ncode_servers:\n  local_startup_timeout: {START_SECONDS}\n"
        (Path(home) / TEMPLATE.name).write_text(template + waiting, encoding="utf-8")
        with DagsterInstance.from_config(home) as instance:
            fill_grid(instance, definitions)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [str(Path(sys.executable).with_name("dagster-webserver")), "--host", "127.0.0.1", "--port", str(port)]
        with (Path(home) / "webserver.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=PROJECT_ROOT,
                env={**settings.environment, "DAGSTER_HOME": home},
                stdout=log,
                stderr=log,
            )
            try:
                is_up = comes_up(f"{url}/server_info", process, START_SECONDS)
                assert is_up, f"dagster-webserver ended: {Path(log.name).read_text(encoding='utf-8')[-2000:]}"
                yield url
            finally:
                process.terminate()
                process.wait(60)


def fill_grid(instance: DagsterInstance, definitions: Definitions) -> int:
    """Report each cell that something was landed for, as the sensor does tick by tick; how many there were."""
    sensor, cursor, count = definitions.get_sensor_def(GRID_SENSOR), None, 0
    while True:
        told = sensor.evaluate_tick(build_sensor_context(instance=instance, cursor=cursor, definitions=definitions))
        if not told.asset_events:
            return count
        for event in told.asset_events:
            instance.report_runless_asset_event(event)
        cursor, count = told.cursor, count + len(told.asset_events)
