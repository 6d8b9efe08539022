"""Run by a test as a process of its own: works on a warehouse each time it is told to, as one of its users does.

Arguments: WAREHOUSE_DIR and who it is: `dagster` (the asset that loads), `command` (what `warehouse load` calls) or
`check` (a check's short look). Answers every line of standard input with one: `ok`, or the error's kind and text.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from orchestration.settings import Settings


def user(name: str, settings: Settings) -> Callable[[], object]:
    """What `name` does; only that is imported, since starting is most of the test's time."""
    if name == "dagster":
        from dagster import DagsterInstance, materialize

        from orchestration.assets.raw import raw_assets
        from orchestration.resources import Warehouse

        raw, instance = raw_assets(), DagsterInstance.ephemeral()
        return lambda: materialize([raw], resources={"warehouse": Warehouse(settings)}, instance=instance)
    if name == "command":
        from orchestration.pipeline import load_step
        from orchestration.reporting.progress import SilentReporter

        return lambda: load_step(settings, SilentReporter())
    from orchestration.checks.marts import query_marts

    return lambda: query_marts(settings, "select count(*) from raw.registrations")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    settings = Settings.from_environment(
        {"WAREHOUSE_DIR": sys.argv[1], "WAREHOUSE_THREADS": "1", "WAREHOUSE_MEMORY_LIMIT": "500MB"}
    )
    work = user(sys.argv[2], settings)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        try:
            work()
            answer = "ok"
        except Exception as error:  # noqa: BLE001 - whatever it was, the test is to see it
            answer = f"{type(error).__name__}: {error}".replace("\n", " ")
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
