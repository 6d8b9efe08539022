"""dbt's manifest of the project as dbt's own objects, ready in a tenth of the time that dbt takes to make them.

    parsed/<key>/partial_parse.msgpack  →  manifest, with the graph that macros read  →  parsed/<key>/manifest.pickle

The pickle lies beside what it was made of, and goes when that does; one that can't be read is made anew.
"""

from __future__ import annotations

import pickle
import tempfile
from contextlib import suppress
from pathlib import Path

from dbt.contracts.graph.manifest import Manifest
from dbt.node_types import NodeType
from dbt.parser.manifest import extended_mashumuro_decoder

from orchestration.settings import Settings
from orchestration.transforming.parsed import PARTIAL_PARSE, parsed_project

PICKLED = "manifest.pickle"


def load_manifest(settings: Settings) -> Manifest:
    """The parsed project, its seeds those of this warehouse. Raises ManifestError where it does not parse."""
    folder = parsed_project(settings)
    manifest = _unpickled(folder / PICKLED)
    if manifest is None:
        content = (folder / PARTIAL_PARSE).read_bytes()
        manifest = Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()
        _pickle(manifest, folder / PICKLED)
    _place_seeds(manifest, settings.seeds_dir)
    return manifest


def _place_seeds(manifest: Manifest, folder: Path) -> None:
    """The project was parsed with the seeds of whichever warehouse came first."""
    graph = manifest.flat_graph["nodes"]
    for unique_id, node in manifest.nodes.items():
        if node.resource_type == NodeType.Seed:
            node.original_file_path = graph[unique_id]["original_file_path"] = str(folder / Path(node.path).name)


def _unpickled(path: Path) -> Manifest | None:
    try:
        found = pickle.loads(path.read_bytes())
    except Exception:  # noqa: BLE001 - pickle promises no kind of error for one that is cut short or of other versions
        return None
    return found if isinstance(found, Manifest) else None


def _pickle(manifest: Manifest, path: Path) -> None:
    """Keep it for the next process, if it can be: a full disk, or a folder for reading only, keeps nobody from dbt."""
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            pickle.dump(manifest, file, protocol=pickle.HIGHEST_PROTOCOL)
            file.close()
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
