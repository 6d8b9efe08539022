"""Run by tests as a process of its own: lands four batches of one sender, and kills itself where it is told to.

Reads lines `["WAREHOUSE_DIR", STEP, LARGEST_FILE]` (JSON) from standard input and forks a child for each; STEP 0: no
kill, n: kill -9 at the n-th step that touches the disk. A step is the hash of a file that DuckDB wrote, an fsync, a
rename, or a piece of a ledger line. Answers each with a line `[exit code or -signal, what the child said]`.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "contract")]

from landing_fakes import Senders, period, platform, registry  # noqa: E402
from payload_fakes import KEY, NOW, PERIODS, WOMAN, payload, registration  # noqa: E402

from orchestration.landing import batches, durable  # noqa: E402
from orchestration.landing import pull as pull_module  # noqa: E402
from orchestration.landing.errors import LandingError  # noqa: E402
from orchestration.landing.pull import PullTask, plan_pulls, pull  # noqa: E402
from orchestration.settings import PROJECT_ROOT, Settings  # noqa: E402

SENDER = platform("P001", "courses", "registrations")


def deliveries() -> Senders:
    senders = Senders()
    for number in (1, 2):
        start = period(number).start
        rows = [registration(registration_id=f"R{n}", id_number="1" if n == 3 else WOMAN) for n in range(6)]
        task = PullTask(SENDER, "registrations", period(number))
        senders.deliver(task, payload("registrations", rows, period_start=start))
        senders.deliver(PullTask(SENDER, "courses", period(number)), payload("courses", [], period_start=start))
    return senders


class Steps:
    """Counts what touches the disk, and dies at the `fatal`-th."""

    def __init__(self, fatal: int) -> None:
        self.fatal = fatal
        self.count = 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function):
        def stepped(*arguments):
            self.step()
            result = function(*arguments)
            self.step()
            return result

        return stepped

    def pwrite_in_two(self, descriptor: int, data, offset: int) -> int:
        half = len(data) // 2
        os_pwrite(descriptor, data[:half], offset)
        self.step()
        return half + os_pwrite(descriptor, data[half:], offset + half)


os_pwrite = os.pwrite


def land(folder: str, fatal: int, largest_file: int | None) -> str:
    """What the run came to: its number of steps, or the error."""
    steps = Steps(fatal)
    durable._sync = steps.around(durable._sync)
    Path.replace = steps.around(Path.replace)  # type: ignore[method-assign]
    os.pwrite = steps.pwrite_in_two  # type: ignore[assignment]
    batches.sha256_of = steps.around(batches.sha256_of)
    pull_module.fetch = deliveries().fetch
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    settings = Settings.from_environment(
        {
            "WAREHOUSE_DIR": folder,
            "WAREHOUSE_CAMPAIGN": str(PROJECT_ROOT / "campaign.yml"),
            "WAREHOUSE_PSEUDONYM_KEY": KEY.hex(),
            "WAREHOUSE_MEMORY_LIMIT": "512MiB",
            "WAREHOUSE_NOW": NOW.isoformat(),
        }
    )
    everyone = registry(SENDER)
    ledger = pull_module.read_ledger(settings.landing_dir)
    asked = [PERIODS[0].start, PERIODS[1].start]
    tasks = plan_pulls(everyone, list(PERIODS), settings.now(), ledger, periods=asked)
    try:
        pull(settings, everyone, tasks)
    except LandingError as error:
        return f"LandingError: {error}"
    return str(steps.count)


def forked(folder: str, fatal: int, largest_file: int | None) -> tuple[int, str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = land(folder, fatal, largest_file)
        os.write(writing, said.encode())
        os._exit(said.startswith("LandingError"))
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(forked(*json.loads(line))) + "\n")
        sys.stdout.flush()
