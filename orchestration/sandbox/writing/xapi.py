"""Learning records as an LRS holds them: xAPI statements, with voiding statements for records voided later.

The actor names the learner, as real statements do; a reader that lands it is found by the search for personal data.
"""

from __future__ import annotations

import numpy as np
import orjson
import polars as pl

from orchestration.sandbox.drawing import Draw
from orchestration.sandbox.learning import DANGLING, KINDS, STATUS, VOIDED
from orchestration.sandbox.writing.store import Rows

ADL = "http://adlnet.gov/expapi/verbs/"
VIDEO = "https://w3id.org/xapi/video/verbs/"
VERBS = {
    "sign_in": (f"{ADL}initialized", f"{ADL}launched"),
    "study": (
        f"{ADL}progressed", f"{ADL}completed", f"{VIDEO}played", f"{VIDEO}paused", f"{VIDEO}completed",
        f"{ADL}terminated",
    ),
    "question": (f"{ADL}asked", f"{ADL}answered"),
    "test": (f"{ADL}passed", f"{ADL}failed", f"{ADL}scored"),
    "other": (f"{ADL}experienced", "http://activitystrea.ms/schema/1.0/bookmark"),
}  # fmt: skip
VOID_VERB = f"{ADL}voided"
VERSION_2_PLATFORMS = (29,)  # the newest statement version; the others send 1.0.3


def statement_ids(records: np.ndarray, salt: int) -> pl.Series:
    """A UUID for each record number; `salt` keeps a voiding statement apart from its target."""
    return pl.Series([f"{salt:08x}-0000-4000-8000-{record:012x}" for record in records.tolist()])


def statements(world: Draw, frame: pl.DataFrame, platform: int) -> tuple[np.ndarray, pl.Series]:
    """Moments (`stored`, wall seconds) and JSON texts of one platform's statements.

    `frame` is the platform's part of the learning frame, one row a version: the later, voided one of a record becomes a
    voiding statement.
    """
    spec = world.platforms[platform]
    version = "2.0.0" if spec.number in VERSION_2_PLATFORMS else "1.0.3"
    frame = frame.with_columns(pl.col("record_id").str.slice(1).cast(pl.Int64).alias("_record"))
    is_voiding = (frame["status"].fill_null("") == STATUS[VOIDED]).to_numpy()
    sent = frame.filter(pl.Series(~is_voiding))
    voided = frame.filter(pl.Series(is_voiding))
    home = f"http://{spec.id.lower()}.sandbox.invalid"
    texts = sent.with_columns(
        pl.Series("_id", statement_ids(sent["_record"].to_numpy(), spec.number)),
        _verbs(sent),
        _learners(world, sent),
    ).select(_statement(home, version).alias("line"))
    voids = voided.with_columns(
        pl.Series("_id", statement_ids(voided["_record"].to_numpy(), spec.number + 0x10000)),
        pl.Series("_target", statement_ids(voided["_record"].to_numpy(), spec.number)),
    ).select(_voiding(home, version).alias("line"))
    at = np.concatenate([sent["_at"].to_numpy(), voided["_at"].to_numpy()])
    return at, pl.concat([texts, voids]).to_series()


def index(rows: Rows) -> tuple[dict[str, int], frozenset[str]]:
    """The place of each statement among `rows` by its id, and the ids of those that were voided."""
    places: dict[str, int] = {}
    voided = set()
    for place, line in enumerate(rows.lines()):
        statement = orjson.loads(line)
        places[statement["id"]] = place
        if statement["verb"]["id"] == VOID_VERB:
            voided.add(statement["object"]["id"])
    return places, frozenset(voided)


def _verbs(frame: pl.DataFrame) -> pl.Series:
    record = frame["_record"].to_numpy()
    verb = np.empty(len(frame), dtype=object)
    kinds = frame["kind"].to_numpy()
    for kind in KINDS:
        choices = np.array(VERBS[kind], dtype=object)
        hit = kinds == kind
        verb[hit] = choices[record[hit] % len(choices)]
    return pl.Series("_verb", verb.tolist(), dtype=pl.Utf8)


def _learners(world: Draw, frame: pl.DataFrame) -> pl.Series:
    registration = world.learning.registration[frame["_record"].to_numpy()]
    known = np.maximum(registration, 0)
    names = world.people.name[world.registrations.person[known]]
    return pl.Series("_learner", np.where(registration == DANGLING, "未知学员", names).tolist(), dtype=pl.Utf8)


def _time(name: str, version: str) -> pl.Expr:
    pattern = "%Y-%m-%dT%H:%M:%S" + (".000+08:00" if version.startswith("1") else "+08:00")
    return pl.col(name).dt.strftime(pattern)


def _joined(*parts: str | pl.Expr) -> pl.Expr:
    """Literal text and columns put together; null where a column is null."""
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part.cast(pl.Utf8) for part in parts])


def _statement(home: str, version: str) -> pl.Expr:
    seconds = (pl.col("ended_at") - pl.col("started_at")).dt.total_seconds()
    # Both ways of writing a length occur: in hours, minutes and seconds, or in seconds alone.
    duration = (
        pl.when(seconds % 2 == 0)
        .then(_joined('"duration":"PT', seconds // 3600, "H", seconds % 3600 // 60, "M", seconds % 60, 'S"'))
        .otherwise(_joined('"duration":"PT', seconds, 'S"'))
    )
    # A whole score's hundredth has two places.
    score = _joined('"score":{"scaled":', (pl.col("score") / 100).round(2), "}")
    result = pl.concat_str([duration, score], separator=",", ignore_nulls=True)
    return _joined(
        *('{"id":"', pl.col("_id"), '","actor":{"objectType":"Agent","name":"', pl.col("_learner")),
        *(f'","account":{{"homePage":"{home}","name":"', pl.col("registration_id"), '"}},'),
        *('"verb":{"id":"', pl.col("_verb"), '"},'),
        *(f'"object":{{"objectType":"Activity","id":"{home}/activities/', pl.col("_record") % 50, '"},'),
        *('"context":{"registration":"', pl.col("registration_id"), '"},'),
        pl.when(result == "").then(pl.lit("")).otherwise(_joined('"result":{', result, "},")),
        *('"timestamp":"', _time("started_at", version), '","stored":"', _time("updated_at", version)),
        f'","version":"{version}"}}',
    )


def _voiding(home: str, version: str) -> pl.Expr:
    return _joined(
        *('{"id":"', pl.col("_id"), f'","actor":{{"account":{{"homePage":"{home}","name":"admin"}}}},'),
        *(f'"verb":{{"id":"{VOID_VERB}"}},"object":{{"objectType":"StatementRef","id":"', pl.col("_target"), '"},'),
        *('"timestamp":"', _time("updated_at", version), '","stored":"', _time("updated_at", version)),
        f'","version":"{version}"}}',
    )
