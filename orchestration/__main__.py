"""`warehouse`, or `python -m orchestration`: the command line (cli.py) in a process of its own."""

from __future__ import annotations

from orchestration.lasting import imports_that_last


def main() -> None:
    with imports_that_last():
        from orchestration.cli import app
    app()


if __name__ == "__main__":
    main()
