"""A backfill of a whole rectangle of partitions as one run.

Dagster cuts what a backfill asks for into ranges, and starts a run for each. For two dimensions its cut goes row by row
(`DefaultPartitionsSubset.get_partition_key_ranges`), so eight periods of 54 senders are eight runs although
`BackfillPolicy.single_run` is set. The range of one run may itself be a rectangle; this lets the cut give rectangles.

The daemon knows an asset's partitions only by their names and not by our classes, so there is no place for it in the
definitions. dagster.yaml names the queue below, which the daemon loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dagster import MultiPartitionKey, MultiPartitionsDefinition, PartitionKeyRange, PartitionsDefinition
from dagster._core.definitions.partitions.subset import DefaultPartitionsSubset
from dagster._core.run_coordinator import QueuedRunCoordinator

from orchestration.rectangles import rectangles

_row_by_row = DefaultPartitionsSubset.get_partition_key_ranges


class QueueOfWholeRanges(QueuedRunCoordinator):
    """Dagster's own queue. Where it is loaded, backfills ask for rectangles."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        DefaultPartitionsSubset.get_partition_key_ranges = whole_ranges  # type: ignore[assignment,method-assign]


def whole_ranges(subset: DefaultPartitionsSubset, partitions_def: PartitionsDefinition) -> Sequence[PartitionKeyRange]:
    """The ranges of `subset`: of two dimensions rectangles, of one as Dagster has them."""
    if not isinstance(partitions_def, MultiPartitionsDefinition):
        return _row_by_row(subset, partitions_def)
    first, second = partitions_def.partitions_defs
    cells = []
    for text in subset.subset:
        keys = partitions_def.get_partition_key_from_str(text).keys_by_dimension
        cells.append((keys[first.name], keys[second.name]))
    found = rectangles(cells, first.partitions_def.get_partition_keys(), second.partitions_def.get_partition_keys())

    def key(row: str, column: str) -> MultiPartitionKey:
        return MultiPartitionKey({first.name: row, second.name: column})

    return [PartitionKeyRange(key(rows[0], columns[0]), key(rows[-1], columns[-1])) for rows, columns in found]
