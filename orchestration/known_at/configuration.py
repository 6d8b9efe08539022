"""The seeds of a past moment as files; registry and campaign of then are loaded with the batches (`loading`)."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from orchestration.landing.configuration import SEEDS_PREFIX, landed_configuration
from orchestration.settings import Settings


def write_seeds(settings: Settings, moment: datetime, folder: Path) -> tuple[str, ...]:
    """Write the newest seeds landed by `moment` into `folder` (made anew).

    A seed that the models of today read but that had not been landed by then is today's; returns the names of those.
    """
    folder.mkdir()
    for name, content in landed_configuration(settings.landing_dir, moment).items():
        if name.startswith(SEEDS_PREFIX):
            (folder / name.removeprefix(SEEDS_PREFIX)).write_text(content, encoding="utf-8", newline="")
    missing = [path for path in sorted(settings.seeds_dir.glob("*.csv")) if not (folder / path.name).exists()]
    for path in missing:
        shutil.copyfile(path, folder / path.name)
    return tuple(path.name for path in missing)
