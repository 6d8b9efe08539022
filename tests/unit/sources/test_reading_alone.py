"""`python -m orchestration.sources`: one feed read, nothing landed, no value shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.sources.__main__ import main


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    inbox = tmp_path / "inbox" / "penalties" / "period=2020-04-06"
    inbox.mkdir(parents=True)
    header = "penalty_id,subject_kind,subject_id,id_type,reason,decided_on,region_code,updated_at,note"
    row = "N-1,person,110101199003077715,resident_id,fraud,2020-04-07,420000,2020-04-07 00:00:00,secret"
    (inbox / "good.csv").write_text(f"{header}\n{row}\n1,2\n", encoding="utf-8")
    (inbox / "wrong.csv").write_bytes("处罚编号,事由\n1,作弊\n".encode("gb18030"))
    sources = tmp_path / "sources.yml"
    sources.write_text('bureaus: [{id: "420000", connector: files, inbox: inbox}]', encoding="utf-8")
    environment = {"WAREHOUSE_SOURCES": str(sources), "WAREHOUSE_NOW": "2020-05-01T09:00:00+08:00"}
    return Settings.from_environment(environment)


def test_it_says_what_came_and_what_could_not_be_read(settings, capsys):
    assert main(["420000", "penalties"], settings) == 1
    good, wrong = capsys.readouterr().out.splitlines()
    assert good.startswith("2020-04-06 penalties/period=2020-04-06/good.csv: 2 rows, 1 malformed, ")
    assert good.endswith("unknown columns note (text, 50%)")
    assert "110101199003077715" not in good
    assert "secret" not in good
    assert wrong == (
        "2020-04-06 420000 penalties penalties/period=2020-04-06/wrong.csv field penalty_id: "
        "not UTF-8 (byte 1); it reads as GB18030: set `encoding: gb18030` in the registry"
    )


def test_a_period_without_a_file_is_nothing(settings, capsys):
    assert main(["420000", "penalties", "--period", "2020-03-23"], settings) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["P9", "penalties"], "no sender 'P9'; the registry has 420000"),
        (["420000", "courses"], "420000 has no feed 'courses'"),
        (["420000", "penalties", "--period", "2020-06-01"], "no period that has begun starts on that day"),
    ],
)
def test_wrong_use_is_exit_code_2(settings, capsys, arguments, said):
    with pytest.raises(SystemExit) as caught:
        main(arguments, settings)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err
