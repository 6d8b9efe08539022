"""The same files landed by dlt, where it is installed: python -m benchmarks.with_dlt INBOX FEED TARGET

    INBOX/*/<feed>/*.ndjson → dlt's filesystem source and JSON lines reader → TARGET/landed/<feed>/*.parquet

dlt is no dependency of the project: `pip install dlt` into its environment adds these figures to a benchmark.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec


def has_dlt() -> bool:
    return find_spec("dlt") is not None


def main(inbox: str, feed: str, target: str) -> None:
    """No contract, no pseudonyms, no ledger: rows as they are, typed as dlt infers them."""
    import dlt
    from dlt.sources.filesystem import filesystem, read_jsonl

    dlt.config["runtime.dlthub_telemetry"] = False
    files = filesystem(bucket_url=f"file://{inbox}", file_glob=f"*/{feed}/*.ndjson")
    pipeline = dlt.pipeline(
        "benchmark",
        pipelines_dir=f"{target}/.dlt",
        destination=dlt.destinations.filesystem(bucket_url=f"file://{target}"),
        dataset_name="landed",
    )
    pipeline.run((files | read_jsonl()).with_name(feed), loader_file_format="parquet").raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
