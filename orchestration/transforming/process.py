"""The process in which dbt runs: `python -m orchestration.transforming.process build ...`, with dbt's own arguments and
exit codes (invocation.py).

It ends with its command. So nobody looks for garbage in it, which takes a sixth of a small build: what is left lying
grows with the nodes, not with the data (under 100 MiB). And once all that dbt opened is closed nobody takes its objects
apart one by one, which takes two seconds.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Run a command of dbt and end the process with its exit code."""
    gc.disable()
    # That of an exception that nobody caught
    codes = [1]
    # What is registered first is called last: after dbt, DuckDB and multiprocessing have closed what they opened.
    atexit.register(_leave, codes)
    from orchestration.transforming.invocation import run

    codes[0] = run(arguments)


def _leave(codes: Sequence[int]) -> None:
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(codes[0])


if __name__ == "__main__":
    main(sys.argv[1:])
