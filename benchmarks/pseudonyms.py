"""How fast distinct ids become pseudonyms, the start of a process left out. python -m benchmarks.pseudonyms WORLD

Prints one line of JSON: the world's distinct ids, wall and CPU seconds of the function that landing calls (the
quickest of three).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa

from benchmarks.generator.world import KEY, NOW
from orchestration.settings import Settings
from orchestration.sources.persons.identity import persons
from orchestration.sources.persons.pseudonyms import Pseudonymiser

TIMES = 3


def main(world_path: str) -> None:
    threads_count = Settings.from_environment().threads
    with duckdb.connect(world_path, read_only=True) as connection:
        asked = connection.sql("select distinct id_type, id_number from person").to_arrow_table()
    # As many threads as landing works on payloads with, each on its own share.
    share = -(-asked.num_rows // threads_count)
    shares = [asked.slice(start, share) for start in range(0, asked.num_rows, share)]
    with ThreadPoolExecutor(threads_count) as threads:
        wall, cpu = min(_timed(threads, shares) for _ in range(TIMES))
    sys.stdout.write(json.dumps({"ids": asked.num_rows, "wall_seconds": wall, "cpu_seconds": cpu}) + "\n")


def _timed(threads: ThreadPoolExecutor, shares: Sequence[pa.Table]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    refused = sum(found["person_key"].null_count for found in threads.map(_persons, shares))
    taken = time.perf_counter() - wall, time.process_time() - cpu
    assert not refused, f"{refused} of the world's ids are refused"
    return taken


def _persons(asked: pa.Table) -> pa.Table:
    return persons(asked["id_type"], asked["id_number"], NOW.date(), Pseudonymiser.of(KEY))


if __name__ == "__main__":
    main(sys.argv[1])
