"""A folder in which nothing has landed: a command that looks for damage must not call it whole."""

from __future__ import annotations

from typer.testing import CliRunner

from orchestration.cli import app


def test_verify_says_that_nothing_is_there(tmp_path):
    ended = CliRunner().invoke(app, ["verify"], env={"WAREHOUSE_DIR": str(tmp_path)})
    assert ended.exit_code == 0
    assert "nothing has landed here; is WAREHOUSE_DIR right?" in ended.stdout
    assert "as it was landed" not in ended.stdout
