"""`make ui`: Dagster's webserver and daemon on this warehouse, with the sample platforms served while it runs.

The clock: WAREHOUSE_NOW when it is set; on the sandbox's registry the world's own, since that world ended in 2020.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from orchestration.commands.serving import serving
from orchestration.commands.terminal import told
from orchestration.dagster_home import prepare_dagster_home
from orchestration.sandbox import Manifest
from orchestration.settings import PROJECT_ROOT, Settings


def run_ui(settings: Settings, arguments: list[str]) -> int:
    """Run `dagster dev` until it is stopped; `arguments` go to it (`--port 3001`). Returns its exit code."""
    environment = dict(settings.environment) | {"DAGSTER_HOME": str(prepare_dagster_home(settings))}
    world = settings.sources_path.parent
    if settings.is_sandbox and settings.fixed_now is None:
        environment["WAREHOUSE_NOW"] = Manifest.read(world).now
    command = [str(Path(sys.executable).with_name("dagster")), "dev", *arguments]
    with serving(world) if settings.is_sandbox else nullcontext():
        process = subprocess.Popen(command, env=environment, cwd=PROJECT_ROOT)
        # Ctrl-C reaches both processes: Dagster ends its own children in its own time, and is waited for.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


if __name__ == "__main__":
    with told(as_json=False):
        sys.exit(run_ui(Settings.from_environment(), sys.argv[1:]))
