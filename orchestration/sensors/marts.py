"""Make the marts of whatever has landed, whether the landing run failed or not.

A sensor on the ledgers and on ended landing runs, rather than on one job's status: it also sees a landing started from
an asset's page, a backfill, or `warehouse pull` beside Dagster, and asks for one build however many of them there were.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from orchestration.jobs import BUILD_JOB
from orchestration.landing.errors import LandingError
from orchestration.landing.ledger import Ledger, read_ledger
from orchestration.resources import Warehouse
from orchestration.sensors.runs import ENDED, GOING_ON, builds_going_on, landing_runs, names_of

_LOOK_SECONDS = 15


@dataclass(frozen=True)
class Seen:
    """The sensor's cursor: the ledgers' heads that a build was asked for, and up to when landing runs were looked
    at."""

    heads: str = ""
    runs_until: float = 0.0

    @classmethod
    def read(cls, cursor: str | None) -> "Seen":
        return cls(**json.loads(cursor)) if cursor else cls()

    def write(self) -> str:
        return json.dumps(asdict(self))


def marts_sensor(warehouse: Warehouse) -> SensorDefinition:
    """Asks for `build_marts` once landing has come to rest and there is something to tell."""

    @sensor(
        name="marts_follow_landing",
        job_name=BUILD_JOB,
        minimum_interval_seconds=_LOOK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Starts build_marts when new batches stand in the ledger or a landing run has ended (done, "
        "failed or cancelled), as soon as no landing run and no other build is going on. One sender's failure never "
        "keeps the others' data from the marts.",
    )
    def marts_follow_landing(context: SensorEvaluationContext) -> SensorResult:
        seen = Seen.read(context.cursor)
        heads = ledger_heads(warehouse)
        unfinished = landing_runs(context.instance, GOING_ON)
        if unfinished:
            return _skip(seen, f"Landing goes on in {names_of(unfinished)}; the marts follow when it has ended.")
        since = datetime.fromtimestamp(seen.runs_until, tz=UTC) if seen.runs_until else None
        # A context made for a test or the first tick ever looks at all finished runs; that only means one build more.
        ended = landing_runs(context.instance, ENDED, since)
        until = max([seen.runs_until, *(record.update_timestamp.timestamp() for record in ended)])
        if not heads:
            return _skip(
                Seen(heads, until), "Nothing has ever landed: materialize partitions of a landing asset first."
            )
        if heads == seen.heads and not ended:
            return _skip(seen, "Nothing has landed since the last build was asked for.")
        if builds := builds_going_on(context.instance):
            # Builds that waited for it one behind the other would each do all its work again.
            return _skip(seen, f"The marts are built in {names_of(builds)}; what landed since is taken after that.")
        now = Seen(heads, until)
        key = hashlib.sha256(now.write().encode()).hexdigest()[:16]
        return SensorResult(
            run_requests=[RunRequest(run_key=key, tags={"started_after": names_of(ended) or "new batches"})],
            cursor=now.write(),
        )

    return marts_follow_landing


def ledger_heads(warehouse: Warehouse) -> str:
    """One hash over the ends of all senders' ledgers; empty when nothing has ever landed."""
    ledger = read_ledger(warehouse.settings.landing_dir)
    heads = [f"{name}:{_head(ledger, name)}" for name in ledger.sender_ids() if name != "_config"]
    return hashlib.sha256("\n".join(heads).encode()).hexdigest()[:32] if heads else ""


def _head(ledger: Ledger, sender_id: str) -> str:
    try:
        return ledger.head(sender_id).sha256
    except LandingError:
        # Its pull and `warehouse verify` say what is wrong; the other senders' marts are built all the same.
        return "damaged"


def _skip(seen: Seen, reason: str) -> SensorResult:
    return SensorResult(skip_reason=SkipReason(reason), cursor=seen.write())
