"""The project's own files, for the tests that read them. Works in a checkout and in an exported tree alike."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What tools and runs leave behind; .gitignore names them too.
_LEFT_BEHIND = {
    ".venv",
    ".venv-bi",
    ".git",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".dagster",
}
_LEFT_BEHIND |= {"target", "logs", "dbt_packages"}


def project_files(*suffixes: str, under: str = ".") -> list[Path]:
    """Every file that belongs to the project, in order; only those with one of `suffixes` if any is given."""
    return sorted(path for path in _walk(ROOT / under) if not suffixes or path.suffix in suffixes)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _LEFT_BEHIND or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            # Of warehouse/ only its README belongs to the project.
            yield from [path / "README.md"] if path == ROOT / "warehouse" else _walk(path)
        elif path.is_file():
            yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_modules(path: Path) -> set[str]:
    """Every module that a Python file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found
