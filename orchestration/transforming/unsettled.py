"""What is not as a transformation that went through would leave it, over any number of dbt runs.

    <warehouse>/dbt/unsettled.json    nodes that failed or were skipped, until they go well; whether a run was cut off

dbt keeps the results of its last run alone: after a failed build, one good run of a single model would look as if all
were well. Both ways to run dbt (`warehouse transform` and Dagster's models) go through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from orchestration.transforming.results import RUN_RESULTS, TransformReport, read_artifact, report_of

_FILE = "unsettled.json"
_WELL = frozenset({"success", "pass", "warn"})


@dataclass(frozen=True)
class Unsettled:
    """`nodes`: dbt's unique ids, in order. `is_cut_off`: a run was killed since all was built, nobody knows where."""

    nodes: tuple[str, ...] = ()
    is_cut_off: bool = False

    def __bool__(self) -> bool:
        return bool(self.nodes) or self.is_cut_off

    def __str__(self) -> str:
        if not self.nodes:
            return "a transformation was cut off"
        more = f" and {len(self.nodes) - 1} more" if len(self.nodes) > 1 else ""
        return f"{self.nodes[0].split('.', 2)[-1]}{more} failed or was skipped, and has not gone well since"


def read_unsettled(target_dir: Path) -> Unsettled:
    """What is known now; a file that can't be read says that something was cut off."""
    try:
        content = orjson.loads(_path(target_dir).read_bytes())
        return Unsettled(tuple(content["nodes"]), bool(content["is_cut_off"]))
    except FileNotFoundError:
        return Unsettled()
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return Unsettled(is_cut_off=True)


def begin_run(target_dir: Path) -> Unsettled:
    """Before dbt starts: forget the last run's results, which would be taken for this one's should dbt die, and note
    that a run is under way. Returns what was unsettled before."""
    before = read_unsettled(target_dir)
    (target_dir / RUN_RESULTS).unlink(missing_ok=True)
    _write(target_dir, Unsettled(before.nodes, is_cut_off=True))
    return before


def end_run(target_dir: Path, before: Unsettled) -> TransformReport | None:
    """After dbt's end: its report, None where it wrote none; then the run stays noted as cut off."""
    artifact = read_artifact(target_dir)
    if artifact is None:
        return None
    status = {result["unique_id"]: result["status"] for result in artifact["results"]}
    _write(target_dir, _after(before, status, is_whole=_models(target_dir) <= status.keys()))
    return report_of(artifact)


def _after(before: Unsettled, status: Mapping[str, str], *, is_whole: bool) -> Unsettled:
    bad = {node for node, found in status.items() if found not in _WELL and not node.startswith("exposure.")}
    if is_whole:
        # Also what was unsettled in a project that has since lost it
        return Unsettled(tuple(sorted(bad)))
    return Unsettled(tuple(sorted((set(before.nodes) - status.keys()) | bad)), before.is_cut_off)


def _models(target_dir: Path) -> set[str]:
    nodes: Iterable[str] = orjson.loads((target_dir / "manifest.json").read_bytes())["nodes"]
    return {node for node in nodes if node.startswith("model.")}


def _write(target_dir: Path, unsettled: Unsettled) -> None:
    path = _path(target_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {"nodes": unsettled.nodes, "is_cut_off": unsettled.is_cut_off}
    written = path.with_name(f".{path.name}.unfinished")
    written.write_bytes(orjson.dumps(content))
    written.replace(path)


def _path(target_dir: Path) -> Path:
    # Not among dbt's artifacts, which dbt may clean.
    return target_dir.parent / _FILE
