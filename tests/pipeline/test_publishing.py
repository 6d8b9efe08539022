"""The published copy: what readers find, and that neither they nor a kill disturb anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import orjson
import pytest
from publishing_world import make_settings, make_warehouse

from orchestration.closing.errors import ClosingError
from orchestration.closing.record import PeriodEvent, appending, read_record
from orchestration.loading.database import open_for_writing, set_clock
from orchestration.publishing import publish as publishing
from orchestration.publishing import views
from orchestration.publishing.errors import DisclosureError, PublishError
from orchestration.publishing.publish import publish
from orchestration.settings import Settings
from orchestration.transforming.dbt import target_dir

HERE = Path(__file__).parent


def link(settings: Settings) -> Path:
    return settings.published_dir / "marts.duckdb"


def ask(settings: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(link(settings)), read_only=True) as connection:
        return connection.execute(query).fetchall()


def change(settings: Settings, statement: str) -> None:
    with open_for_writing(settings) as connection:
        connection.execute(statement)


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_readers_find_marts_dimensions_and_where_they_come_from(settings: Settings) -> None:
    report = publish(settings)
    tables = {name for (name,) in ask(settings, "select table_name from duckdb_tables() where schema_name = 'marts'")}
    assert {
        "registration_progress",
        "registration_daily",
        "reporting_timeliness",
        "dim_province",
        "publication",
    } <= tables
    assert "learner_timeline" not in tables
    assert report.left_out == ("learner_timeline",)
    (row,) = ask(
        settings, "select version, run_id, known_at::varchar, length(ledger_head_sha256) from marts.publication"
    )
    assert row == (report.version, "run-1", "2020-07-10 09:00:00", 64)
    assert link(settings).is_symlink()
    assert not list(settings.published_dir.glob("*.wal"))
    listed = dict(ask(settings, "select table_name, rows_count from marts.publication_table"))
    assert listed["registration_daily"] == ask(settings, "select count(*) from marts.registration_daily")[0][0]


def test_small_counts_are_withheld_with_their_hours_and_zeros_stay(settings: Settings) -> None:
    publish(settings)
    with duckdb.connect(str(link(settings)), read_only=True) as connection:
        connection.execute(f"attach '{settings.database_path}' as warehouse (read_only)")
        for mart, time_key in (("registration_progress", "period_start"), ("registration_daily", "day")):
            both = f"""
                from warehouse.marts.{mart} as whole
                left join marts.{mart} as public using ({time_key}, province_code, platform_id)
            """
            small = f"{both} where whole.registrations between 1 and 4 and province_code <> '000000'"
            wrong = connection.execute(
                f"select count(*), count(public.registrations), count(public.study_hours), "
                f"count(*) filter (public.is_suppressed is not true) {small}"
            ).fetchall()[0]
            assert wrong[0] > 0
            assert wrong[1:] == (0, 0, 0)
            national = connection.execute(
                f"select count(*) {both} where province_code = '000000' "
                f"and (public.is_suppressed or public.registrations is distinct from whole.registrations)"
            ).fetchall()
            assert national == [(0,)]
            changed = connection.execute(
                f"select count(*) {both} where public.registrations <> whole.registrations"
            ).fetchall()
            assert changed == [(0,)]


def test_no_published_total_has_a_single_gap(settings: Settings) -> None:
    # Where every other part is 0 nothing may be hidden beside it: zeros stay, and so does the nation's row.
    publish(settings)
    for mart, time_key in (("registration_progress", "period_start"), ("registration_daily", "day")):
        for column in ("registrations", "learners", "study_hours"):
            for total, other, key in (
                ("000000", "platform_id", "province_code"),
                ("_all", "province_code", "platform_id"),
            ):
                gaps = ask(
                    settings,
                    f"""
                    select {time_key}, {other},
                        count(*) filter ({key} <> '{total}' and {column} is null) as gaps,
                        count({column}) filter ({key} = '{total}') as totals,
                        count(*) filter ({key} <> '{total}' and {column} <> 0) as others
                    from marts.{mart} group by all having gaps = 1 and totals = 1 and others > 0
                    """,
                )
                assert gaps == [], (mart, column, key)


def test_publishing_the_same_state_twice_gives_the_same_numbers(settings: Settings) -> None:
    first, second = publish(settings), publish(settings)
    assert first.version < second.version
    assert [table.content_sha256 for table in first.tables] == [table.content_sha256 for table in second.tables]
    assert second.withheld_cells_count == first.withheld_cells_count > 0


def test_a_past_moment_has_no_rows_of_later_days_though_a_publication_since_has(settings: Settings) -> None:
    publish(settings)
    for mart, time_key in (("registration_daily", "day"), ("registration_progress", "period_start")):
        change(settings, f"delete from marts.{mart} where {time_key} > date '2020-05-04'")
    set_clock(replace(settings, fixed_now=datetime.fromisoformat("2020-05-04T18:00:00+08:00")))
    report = publish(settings)
    assert ask(settings, "select count(*) from marts.registration_daily where day > date '2020-05-04'") == [(0,)]
    assert ask(settings, "select max(period_start)::varchar from marts.registration_progress") == [("2020-05-04",)]
    remembered = settings.warehouse_dir / "disclosure" / report.version / "registration_daily.parquet"
    assert duckdb.sql(f"select max(day) from '{remembered}'").fetchall() <= [("2020-05-04",)]


def test_the_last_five_versions_are_kept(settings: Settings) -> None:
    reports = [publish(settings) for _ in range(7)]
    kept = sorted(path.name for path in settings.published_dir.glob("marts-*.duckdb"))
    assert kept == [report.path.name for report in reports[-5:]]
    assert sorted(path.name for path in (settings.published_dir / ".parquet").iterdir()) == [
        report.version for report in reports[-5:]
    ]
    assert link(settings).resolve() == reports[-1].path.resolve()


def test_parquet_holds_the_same_rows(settings: Settings) -> None:
    report = publish(settings)
    for table in report.tables:
        files = f"{settings.published_dir}/parquet/{table.name}/*.parquet"
        differing = ask(
            settings,
            f"(from read_parquet('{files}') except all from marts.{table.name}) union all "
            f"(from marts.{table.name} except all from read_parquet('{files}'))",
        )
        assert differing == [], table.name


def write_manifest(settings: Settings, marts: dict[str, dict], meta: dict[str, dict] | None = None) -> None:
    nodes = {
        f"model.x.{name}": {
            "resource_type": "model",
            "name": name,
            "schema": "marts",
            "description": node.get("description", ""),
            "columns": {c: {"name": c, "description": text} for c, text in node.get("columns", {}).items()},
            "config": {"meta": (meta or {}).get(name, {})},
        }
        for name, node in marts.items()
    }
    folder = target_dir(settings)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_bytes(orjson.dumps({"nodes": nodes}))


def test_descriptions_of_dbt_become_comments(settings: Settings) -> None:
    write_manifest(settings, {"registration_daily": {"description": "人次's day", "columns": {"learners": "人"}}})
    report = publish(settings)
    assert [table.name for table in report.tables if table.kind == "mart"] == ["registration_daily"]
    assert ask(settings, "select comment from duckdb_tables() where table_name = 'registration_daily'") == [
        ("人次's day",)
    ]
    comments = ask(
        settings,
        "select column_name, comment from duckdb_columns() "
        "where table_name = 'registration_daily' and column_name in ('learners', 'is_suppressed') order by 1",
    )
    assert comments[0][1].startswith("Whether a value") and comments[1] == ("learners", "人")


def test_what_a_publication_says_of_itself_is_described_column_by_column(settings: Settings) -> None:
    publish(settings)
    described = ask(
        settings,
        "select table_name, bool_and(comment is not null) from duckdb_columns() "
        "where table_name in ('publication', 'publication_table', 'publication_ledger') group by all order by all",
    )
    assert described == [("publication", True), ("publication_ledger", True), ("publication_table", True)]


def test_a_model_that_dbt_marks_is_left_out(settings: Settings) -> None:
    write_manifest(
        settings, {"registration_daily": {}, "reporting_timeliness": {}}, {"reporting_timeliness": {"published": False}}
    )
    report = publish(settings)
    assert "reporting_timeliness" in report.left_out
    assert "reporting_timeliness" not in {table.name for table in report.tables}


def test_a_mart_that_dbt_has_not_built_stops_the_publication(settings: Settings) -> None:
    write_manifest(settings, {"registration_daily": {}, "target_progress": {}})
    with pytest.raises(PublishError, match="missing: target_progress; run `warehouse transform`"):
        publish(settings)


def test_a_mart_without_entry_stops_the_publication(settings: Settings) -> None:
    report = publish(settings)
    before = tree(settings.published_dir)
    change(settings, "create table marts.brand_new as select 1::bigint as persons")
    with pytest.raises(DisclosureError, match=r"marts\.brand_new: disclosure.yml has no entry"):
        publish(settings)
    assert tree(settings.published_dir) == before
    assert link(settings).resolve() == report.path.resolve()


def test_a_count_without_entry_stops_the_publication(settings: Settings) -> None:
    change(settings, "alter table marts.registration_daily add column certified_persons bigint default 1")
    with pytest.raises(DisclosureError, match=r"registration_daily: .* certified_persons counts"):
        publish(settings)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("alter table marts.reporting_timeliness add column person_key varchar", r"reporting_timeliness\.person_key"),
        ("alter table marts.reporting_timeliness add column a uuid", r"disclosure.yml doesn't say what a counts"),
        ("update core.dim_sender set name_zh = '110101199003070011'", r"dim_sender\.name_zh: 1 values look like"),
        ("update core.dim_sender set name_zh = '电话13812345678'", r"dim_sender\.name_zh: 1 values look like"),
        (
            "update core.dim_sender set name_zh = '0f8fad5b-d9cb-469f-a165-70867728950e'",
            r"dim_sender\.name_zh: 1 values look like",
        ),
        ("drop table core.dim_region", r"dimensions are missing in core: dim_region"),
    ],
)
def test_persons_and_gaps_stop_the_publication(settings: Settings, statement: str, message: str) -> None:
    change(settings, statement)
    with pytest.raises(PublishError, match=message) as caught:
        publish(settings)
    assert "1990" not in str(caught.value) and "138" not in str(caught.value)
    assert not link(settings).exists()
    assert tree(settings.published_dir) == []


def test_without_a_warehouse_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="run `warehouse build`"):
        publish(make_settings(tmp_path / "warehouse"))


def test_a_view_that_no_longer_fits_its_marts_stops_the_publication(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "headline_late.sql").write_text("-- Who is late.\nselect colour from reporting_timeliness\n")
    (tmp_path / "headline_money.sql").write_text("-- Its mart is not published here.\nselect 1 from subsidy_progress\n")
    monkeypatch.setattr(views, "_FOLDER", tmp_path)
    with pytest.raises(PublishError, match='the view headline_late doesn\'t fit its marts: .*"colour"'):
        publish(settings)
    assert not link(settings).exists()


READER = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
count = connection.execute("select count(*) from marts.registration_daily").fetchall()[0][0]
print("open", count, flush=True)
sys.stdin.readline()
print("again", connection.execute("select count(*) from marts.registration_daily").fetchall()[0][0], flush=True)
connection.close()
connection = duckdb.connect(sys.argv[1], read_only=True)
print("anew", connection.execute("select count(*) from marts.registration_daily").fetchall()[0][0], flush=True)
"""


def test_a_reader_with_the_file_open_blocks_nobody_and_is_not_blocked(settings: Settings) -> None:
    publish(settings)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(link(settings))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        opened = reader.stdout.readline().split()
        make_warehouse(settings, registrations=1500, seed=0.5)
        publish(settings)
        output, _ = reader.communicate("\n", timeout=60)
    finally:
        reader.kill()
        reader.wait()
    again, anew = (line.split() for line in output.splitlines())
    assert again[1] == opened[1]
    assert int(anew[1]) > int(opened[1])
    assert reader.returncode == 0


KILLED = """
import sys, time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from publishing_world import make_settings
from orchestration.publishing import building, files, publish as publishing
where, settings = sys.argv[2], make_settings(Path(sys.argv[1]))
def stop(*_arguments, **_named):
    print("here", flush=True)
    time.sleep(600)
owner = {"copy_tables": building, "verify_version": building, "write_parquet": publishing}.get(where, files)
setattr(owner, where, stop)
publishing.publish(settings)
"""


@pytest.mark.parametrize("where", ["copy_tables", "verify_version", "write_parquet", "swap_database", "swap_parquet"])
def test_a_kill_leaves_a_whole_publication(settings: Settings, where: str) -> None:
    report = publish(settings)
    rows = ask(settings, "select count(*) from marts.registration_daily")
    change(settings, "delete from marts.reporting_timeliness")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(settings.warehouse_dir), where, str(HERE)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline().strip() == "here"
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert ask(settings, "select count(*) from marts.registration_daily") == rows
    is_swapped = link(settings).resolve() != report.path.resolve()
    assert is_swapped == (where == "swap_parquet")
    after = publish(settings)
    assert ask(settings, "select version from marts.publication") == [(after.version,)]
    expected = [report.version, after.version]
    if is_swapped:
        expected.insert(1, sorted(files_there(settings))[1])
    assert sorted(files_there(settings)) == expected
    assert not [name for name in tree(settings.warehouse_dir) if "unfinished" in name]


def files_there(settings: Settings) -> list[str]:
    return [path.stem.removeprefix("marts-") for path in settings.published_dir.glob("marts-*.duckdb")]


def test_a_full_disk_leaves_the_last_publication(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    report = publish(settings)
    before = tree(settings.published_dir)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing, "write_parquet", full)
    with pytest.raises(PublishError, match="readers keep what they have: .*No space left"):
        publish(settings)
    assert tree(settings.published_dir) == before
    assert link(settings).resolve() == report.path.resolve()


def test_an_approved_period_is_recorded_and_a_later_change_of_it_is_never_silent(settings: Settings) -> None:
    ((period,),) = ask_warehouse(settings, "select min(period_start)::varchar from marts.registration_progress")
    with appending(settings.warehouse_dir) as record:
        record.append(PeriodEvent(period_start=period, state="approved", by="li", at="2020-07-10T09:00:00+08:00"))
    first = publish(settings)
    publish(settings)
    change(
        settings,
        f"update marts.registration_progress set study_hours = study_hours + 1 where period_start = '{period}'",
    )
    third = publish(settings)
    events = read_record(settings.warehouse_dir).events[1:]
    assert [(event.state, event.version, event.marts) for event in events] == [
        ("published", first.version, []),
        ("restated", third.version, ["registration_progress"]),
    ]


def test_a_damaged_record_of_the_periods_stops_the_publication(settings: Settings) -> None:
    with appending(settings.warehouse_dir) as record:
        record.path.write_text("nonsense\n")
    with pytest.raises(ClosingError, match="line 1 is no event"):
        publish(settings)
    assert not link(settings).exists()


def ask_warehouse(settings: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(settings.database_path), read_only=True) as connection:
        return connection.execute(query).fetchall()
