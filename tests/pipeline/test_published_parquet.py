"""The Parquet beside the published file: of another version only while the swap lasts, whatever comes in its way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.publishing import building, files, history
from orchestration.publishing.building import PublishReport
from orchestration.publishing.errors import PublishError
from orchestration.publishing.publish import publish
from orchestration.settings import Settings


def versions_of_parquet(settings: Settings) -> set[str]:
    return {link.readlink().parent.name for link in (settings.published_dir / "parquet").iterdir() if link.is_symlink()}


def current(settings: Settings) -> str | None:
    return files.current_version(settings.published_dir)


def in_place_of_a_table(settings: Settings) -> Path:
    path = settings.published_dir / "parquet" / "registration_daily"
    path.unlink()
    path.mkdir()
    return path


def in_place_of_the_folder(settings: Settings) -> Path:
    path = settings.published_dir / "parquet"
    for link in path.iterdir():
        link.unlink()
    path.rmdir()
    path.write_text("")
    return path


@pytest.mark.parametrize("put", [in_place_of_a_table, in_place_of_the_folder])
def test_what_lies_in_the_way_of_parquet_stops_the_swap_of_the_file_too(
    settings: Settings, put: Callable[[Settings], Path]
) -> None:
    report = publish(settings)
    path = put(settings)
    with pytest.raises(PublishError, match=f"{path} is a .* of its own"):
        publish(settings)
    assert current(settings) == report.version


def cut_off(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> PublishReport:
    """A publication whose last links could not be set: the version that was there before it."""
    before = publish(settings)
    swap, links = files._swap, []

    def swap_two(link: Path, target: str) -> None:
        links.append(link)
        # The file's own link comes first
        if len(links) > 3:
            raise OSError(28, "No space left on device")
        swap(link, target)

    with monkeypatch.context() as patch:
        patch.setattr(files, "_swap", swap_two)
        with pytest.raises(PublishError, match="is published, but not all its Parquet: .*No space left"):
            publish(settings)
    assert current(settings) != before.version
    assert versions_of_parquet(settings) == {before.version, current(settings)}
    return before


def test_the_next_publication_ends_what_was_cut_off_even_if_it_fails_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(settings, monkeypatch)

    def refuse(*_: object) -> None:
        raise PublishError("not today")

    monkeypatch.setattr(building, "copy_tables", refuse)
    with pytest.raises(PublishError, match="not today"):
        publish(settings)
    assert versions_of_parquet(settings) == {current(settings)}


def test_a_damaged_record_of_what_was_withheld_is_named(settings: Settings) -> None:
    report = publish(settings)
    folder = settings.warehouse_dir / history.HISTORY_DIR / report.version
    (folder / "registration_daily.parquet").write_bytes(b"half")
    with pytest.raises(PublishError, match=f"{folder} is damaged"):
        publish(settings)
    assert current(settings) == report.version
