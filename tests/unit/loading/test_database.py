"""One writer at a time, who waits for his turn and says so."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading

import pytest

from orchestration.loading.database import WarehouseLockedError, open_for_writing, set_clock, writer_lock

HOLD = (
    "import sys; from orchestration.settings import Settings; from orchestration.loading.database import writer_lock\n"
    "with writer_lock(Settings.from_environment()):\n"
    "    print('held', flush=True); sys.stdin.read()"
)


def test_another_process_waits_and_says_what_for(landing, caplog):
    environment = {**os.environ, "WAREHOUSE_DIR": str(landing.settings.warehouse_dir)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        refused = pytest.raises(WarehouseLockedError, match="still being written by another process after 0.2 s")
        with caplog.at_level(logging.WARNING), refused, writer_lock(landing.settings, timeout_seconds=0.2):
            pass
        assert "waiting until it has ended" in caplog.text
        holder.kill()
        holder.wait()
        # The system frees the lock of the dead.
        with writer_lock(landing.settings, timeout_seconds=5):
            pass


def test_the_same_thread_may_take_it_twice_another_may_not(landing):
    refused = []

    def try_it():
        try:
            with writer_lock(landing.settings, timeout_seconds=0.05):
                pass
        except WarehouseLockedError:
            refused.append(True)

    with writer_lock(landing.settings):
        with writer_lock(landing.settings, timeout_seconds=0.05):
            pass
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert refused == [True]


def test_the_clock_is_one_row_of_shanghai_wall_time(landing):
    for now in ("2020-05-06T04:00:00+00:00", "2020-05-07T00:30:00+08:00"):
        settings = type(landing.settings).from_environment({**landing.settings.environment, "WAREHOUSE_NOW": now})
        set_clock(settings)
    assert landing.rows("select clock::varchar from raw.control") == [("2020-05-07 00:30:00",)]


def test_a_kill_while_the_file_is_made_leaves_nothing_that_stops_the_next(landing):
    """What a killed creation leaves is the first bytes of a database, which DuckDB refuses to open."""
    settings = landing.settings
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    (settings.warehouse_dir / ".warehouse.duckdb.unfinished").write_bytes(b"\0" * 100)
    with open_for_writing(settings) as connection:
        assert connection.execute("select count(*) from raw.control").fetchone() == (0,)
    assert [path.name for path in settings.warehouse_dir.glob("*unfinished*")] == []
