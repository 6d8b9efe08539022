"""How fast distinct ids become pseudonyms, the start of a process left out. python -m benchmarks.pseudonyms WORLD

Prints one line of JSON: the world's distinct ids, wall and CPU seconds of the function that landing calls (the
quickest of three).
"""

from __future__ import annotations

import json
import sys
import time

import duckdb

from benchmarks.generator.world import KEY, NOW
from orchestration.settings import Settings
from orchestration.sources.identity import create_identities
from orchestration.sources.pseudonyms import Pseudonymiser

TIMES = 3


def main(world_path: str) -> None:
    settings = Settings.from_environment()
    config: dict = {"threads": settings.threads, "memory_limit": settings.memory_limit, "temp_directory": ""}
    with duckdb.connect(config=config) as connection:
        connection.execute(f"attach '{world_path}' as world (read_only)")
        connection.execute("create table asked as select distinct id_type, id_number from world.person")
        ((ids,),) = connection.execute("select count(*) from asked").fetchall()
        wall, cpu = min(_timed(connection) for _ in range(TIMES))
        ((found,),) = connection.execute("select count(*) from found").fetchall()
    assert found == ids, f"{ids - found} of the world's ids are refused"
    sys.stdout.write(json.dumps({"ids": ids, "wall_seconds": wall, "cpu_seconds": cpu}) + "\n")


def _timed(connection: duckdb.DuckDBPyConnection) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    create_identities(connection, "found", "from asked", NOW.date(), Pseudonymiser.of(KEY))
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main(sys.argv[1])
