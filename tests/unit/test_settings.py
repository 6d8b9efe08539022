"""A setting that can't be used is named when it is read, not where it first does harm."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings, SettingsError


@pytest.mark.parametrize("amount", ["4GB", "512MiB", "1.5 gb", "2G", "70%"])
def test_an_amount_of_memory_is_one_that_duckdb_takes(amount: str) -> None:
    limit = Settings.from_environment({"WAREHOUSE_MEMORY_LIMIT": amount}).memory_limit
    duckdb.connect(":memory:", config={"memory_limit": limit}).close()


@pytest.mark.parametrize("amount", ["much", "2", "-1GB", "2GBs"])
def test_what_is_no_amount_of_memory_is_refused(amount: str) -> None:
    with pytest.raises(SettingsError, match="WAREHOUSE_MEMORY_LIMIT: .*write 4GB"):
        Settings.from_environment({"WAREHOUSE_MEMORY_LIMIT": amount})


def test_without_one_it_is_a_part_of_the_machines() -> None:
    duckdb.connect(":memory:", config={"memory_limit": Settings.from_environment({}).memory_limit}).close()


def test_seeds_that_are_not_there_are_refused(tmp_path: Path) -> None:
    assert Settings.from_environment({"WAREHOUSE_SEEDS": str(tmp_path)}).seeds_dir == tmp_path
    with pytest.raises(SettingsError, match="WAREHOUSE_SEEDS: .*none is no folder"):
        Settings.from_environment({"WAREHOUSE_SEEDS": str(tmp_path / "none")})
