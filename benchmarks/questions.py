"""How long analysts wait: python -m benchmarks.questions DATABASE asks the twenty questions with eight readers at once.

Each reader is a process with a connection of its own, as eight people at eight machines would be. Prints one JSON
object: how many answers there were, and the 50th and 95th percentile of their milliseconds.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import duckdb

from orchestration.settings import PROJECT_ROOT

READERS = 8
ROUNDS = 3


def ask(database: str, seed: int) -> list[float]:
    """Milliseconds of every question, three rounds in an order of the reader's own."""
    text = (PROJECT_ROOT / "benchmarks" / "sql" / "questions.sql").read_text(encoding="utf-8")
    questions = [part for part in text.split(";") if part.strip()]
    assert len(questions) == 20
    order = random.Random(seed)  # noqa: S311
    taken = []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as published (read_only); use published")
        for _ in range(ROUNDS):
            order.shuffle(questions)
            for question in questions:
                began = time.perf_counter()
                connection.execute(question.replace("marts.", "published.marts.")).fetchall()
                taken.append((time.perf_counter() - began) * 1000)
    return taken


def main(database: str) -> None:
    with ProcessPoolExecutor(READERS, mp_context=get_context("spawn")) as pool:
        taken = [ms for found in pool.map(ask, [database] * READERS, range(READERS)) for ms in found]
    cuts = statistics.quantiles(taken, n=100)
    sys.stdout.write(json.dumps({"answers": len(taken), "p50_ms": cuts[49], "p95_ms": cuts[94]}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
