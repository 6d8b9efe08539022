"""The registry: what is resolved, and each mistake as one line that names sender and key."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.sources.column_map import known_column_maps, load_column_map
from orchestration.sources.feeds import BUREAU_FEEDS, FEEDS, PLATFORM_FEEDS
from orchestration.sources.registry.entries import FeedEntry, PlatformEntry
from orchestration.sources.registry.load import load_registry
from orchestration.sources.registry.senders import Registry, RegistryError

SECRETS = {"T": "t", "OTHER": "o", "U": "u", "P": "p"}
REST = "{id: P001, connector: rest, base_url: http://h/p001, token_env: T}"


def load(tmp_path: Path, text: str, **keys: bool) -> Registry:
    path = tmp_path / "sources.yml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_registry(path, SECRETS.get, **keys)


def test_feeds_are_resolved_and_no_feeds_means_all(tmp_path):
    registry = load(
        tmp_path,
        """
        platforms:
          - id: P001
            name: 中国职业培训在线
            connector: rest
            base_url: http://h/p001/
            token_env: T
            ministry_affiliated: true
            selected_from: 2020-03-23
            selected_to: null
            selected_by: ministry
          - id: P024
            connector: rest
            base_url: http://h/p024
            token_env: T
            selected_by: 420000
            feeds:
              courses:
              certificates: {token_env: OTHER}
              learning_records: {connector: xapi, base_url: http://h/p024/xapi, username_env: U, password_env: P}
          - {id: P031, connector: files, inbox: in/P031, encoding: gb18030, column_map: p031, feeds: [courses]}
        bureaus:
          - id: 420000
            connector: files
            inbox: file:///srv/inbox/420000
            feeds: {dispatch_reports: {}, penalties: {due: every_period, snapshot: true}, institutions: }
          - {id: "660000", connector: files, inbox: /srv/inbox/660000}
        """,
    )
    assert [sender.id for sender in registry.senders] == ["P001", "P024", "P031", "420000", "660000"]
    first = registry.sender("P001")
    assert tuple(first.feeds) == PLATFORM_FEEDS
    assert (first.name, first.feeds["courses"].base_url) == ("中国职业培训在线", "http://h/p001")
    assert (first.selected_from.isoformat(), first.selected_to, first.selected_by) == ("2020-03-23", None, "ministry")
    mixed = registry.sender("P024")
    assert mixed.selected_by == "420000"
    assert (mixed.feeds["courses"].token_env, mixed.feeds["certificates"].token_env) == ("T", "OTHER")
    assert mixed.feeds["learning_records"].connector == "xapi"
    assert mixed.feeds["learning_records"].base_url == "http://h/p024/xapi"
    assert registry.sender("P031").feeds["courses"].inbox == str(tmp_path.resolve() / "in/P031")
    bureau = registry.sender("420000")
    assert {name: (feed.due_every_period, feed.snapshot) for name, feed in bureau.feeds.items()} == {
        "dispatch_reports": (True, False),
        "penalties": (True, True),
        "institutions": (False, False),
    }
    assert tuple(registry.sender("660000").feeds) == BUREAU_FEEDS


@pytest.mark.parametrize(
    ("platforms", "line"),
    [
        (REST.replace("}", ", tokenenv: T}"), "P001: tokenenv: unknown key"),
        (REST.replace("rest", "soap"), "P001: connector: unknown connector 'soap'; one of rest, xapi, files"),
        (REST.replace("connector: rest, ", ""), "P001: connector: missing; one of rest, xapi, files"),
        (f"{REST}, {REST}", "P001: id: duplicate id; each sender appears once"),
        (REST.replace("token_env: T", "token_env: NOT_SET"), "P001: token_env: the variable NOT_SET is not set"),
        (REST.replace(", token_env: T", ""), "P001: token_env: missing; connector rest needs it"),
        (REST.replace("base_url: http://h/p001, ", ""), "P001: base_url: missing; connector rest needs it"),
        (REST.replace("http://h/p001", "h/p001"), "P001: base_url: must be an http:// or https:// address"),
        ("{id: P001, connector: files}", "P001: inbox: missing; connector files needs it"),
        ("{id: P001, connector: files, inbox: i, encoding: gb99}", "P001: encoding: unknown encoding 'gb99'"),
        ("{id: P001, connector: files, inbox: i, column_map: p99}", "P001: column_map: no column map 'p99'"),
        ("{id: P001, connector: files, inbox: gopher://i}", "P001: inbox: unknown protocol gopher"),
        (REST.replace("}", ", feeds: [penalties]}"), "P001: feeds.penalties: unknown feed; a platform has courses"),
        (REST.replace("}", ", feeds: {courses: {colour: red}}}"), "P001: feeds.courses.colour: unknown key"),
        (
            REST.replace("}", ", feeds: {courses: {token_env: GONE}}}"),
            "P001: feeds.courses.token_env: the variable GONE is not set",
        ),
        (
            "{id: P1, connector: xapi, base_url: http://h, username_env: U, password_env: P, feeds: [courses]}",
            "P1: feeds.courses.connector: xapi carries learning_records only, not courses",
        ),
        (
            "{id: P1, connector: xapi, base_url: http://h, username_env: U, feeds: [learning_records]}",
            "P1: password_env: missing; connector xapi needs it",
        ),
        (REST.replace("P001,", "../x,"), "../x: id: must be 1 to 32 letters, digits, - or _"),
        ("P001", "platforms[1]: (whole): must be keys and values, an id at least"),
        ("null", "platforms[1]: (whole): must be keys and values, an id at least"),
        (
            REST.replace("}", ", selected_by: hubei}"),
            "P001: selected_by: must be `ministry` or a province's six digits",
        ),
        (REST.replace("}", ", feeds: 3}"), "P001: feeds: must be a list of feeds, or feeds and what is said of each"),
        (REST.replace("}", ", feeds: {courses: 3}}"), "P001: feeds.courses: must be keys and values"),
        (REST.replace("http://h/p001", "'http://[h'"), "P001: base_url: must be an http:// or https:// address"),
        (REST.replace("http://h/p001", "http://h:99999"), "P001: base_url: must be an http:// or https:// address"),
        ("{id: P001, connector: files, inbox: 's3://[i'}", "P001: inbox: must be a folder or an address"),
        (
            REST.replace("}", ", selected_from: 2020-04-02, selected_to: 2020-04-01}"),
            "P001: selected_to: lies before selected_from",
        ),
    ],
)
def test_each_mistake_is_one_line(tmp_path, platforms, line):
    with pytest.raises(RegistryError) as caught:
        load(tmp_path, f"platforms: [{platforms}]")
    assert str(caught.value).startswith(f"sources.yml: {line}")
    assert "\n" not in str(caught.value)


def test_a_key_without_a_value_is_as_if_it_were_not_there(tmp_path):
    empty = ", ".join(f"{key}: null" for key in ("name", "feeds", "inbox", "encoding", "selected_from", "selected_by"))
    assert load(tmp_path, f"platforms: [{REST.replace('}', f', {empty}}}')}]") == load(tmp_path, f"platforms: [{REST}]")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=8) | st.sampled_from(
        ["P001", "420000", "rest", "files", "http://h", "s3://b/x", "http://[h", "//", "T", "courses", "ministry"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*PlatformEntry.model_fields, *FeedEntry.model_fields, "courses", "colour", 5, None]),
        inner,
        max_size=5,
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional={"platforms": st.lists(ANYTHING), "bureaus": st.lists(ANYTHING)}) | ANYTHING)
def test_whatever_is_written_is_a_registry_or_is_told_as_its_problems(tmp_path_factory, document):
    path = tmp_path_factory.mktemp("any") / "sources.yml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    try:
        load_registry(path, SECRETS.get)
    except RegistryError as error:
        assert error.problems


def test_every_problem_is_reported_at_once(tmp_path):
    with pytest.raises(RegistryError) as caught:
        load(
            tmp_path,
            """
            platforms: [{id: A, connector: rest, base_url: http://h, token_env: GONE}]
            bureaus: [{id: "420000", connector: files}, {id: "420001", connector: files, inbox: i}]
            senders: []
            """,
        )
    assert [problem.sender_id for problem in caught.value.problems] == [None, "A", "420000", "420001"]


def test_a_lenient_load_leaves_the_wrong_sender_out_and_keeps_the_rest(tmp_path):
    registry = load(tmp_path, f"platforms: [{REST}, {{id: B, connector: rest, colour: red}}]", lenient=True)
    assert [sender.id for sender in registry.senders] == ["P001"]
    assert str(registry.problems[0]) == "B: colour: unknown key"


@pytest.mark.parametrize("token", ["abc\n", "abc def", "abc\r", "口令"])
def test_a_token_that_no_header_carries_is_told_before_anything_is_asked_for(tmp_path, token):
    path = tmp_path / "sources.yml"
    path.write_text(f"platforms: [{REST}]", encoding="utf-8")
    with pytest.raises(RegistryError) as caught:
        load_registry(path, {"T": token}.get)
    message = "P001: token_env: the variable T holds a space, a line break or another character that no token has"
    assert str(caught.value) == f"sources.yml: {message}"


def test_of_a_duplicate_id_neither_is_used(tmp_path):
    registry = load(tmp_path, f"platforms: [{REST}, {REST}]", lenient=True)
    assert registry.senders == ()


@pytest.mark.parametrize(
    ("keys", "secret"),
    [
        ("token_env: eyJhbGciOi.abc-123", "eyJhbGciOi"),
        ("token_env: T, base_url: 'http://user:hunter2@h/p'", "hunter2"),
    ],
)
def test_a_secret_written_into_the_registry_is_refused_and_not_repeated(tmp_path, keys, secret):
    with pytest.raises(RegistryError) as caught:
        load(tmp_path, f"platforms: [{{id: A, connector: rest, {keys}}}]")
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("platforms: [", "line 2: not valid YAML"),
        ("- a", "file: must hold `platforms:` and `bureaus:`"),
        ("platforms: {a: b}", "platforms: must be a list of senders"),
        ("platforms: [{id: A, connector: rest, connector: xapi}]", "line 1: not valid YAML: duplicate key 'connector'"),
    ],
)
def test_a_file_that_is_no_registry(tmp_path, text, line):
    with pytest.raises(RegistryError, match="sources.yml: registry: ") as caught:
        load(tmp_path, text)
    assert line in str(caught.value)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(RegistryError, match=r"can't be read: No such file.*; WAREHOUSE_SOURCES says where"):
        load_registry(tmp_path / "none.yml", SECRETS.get)


@pytest.mark.parametrize("feed", FEEDS)
def test_the_default_map_has_a_chinese_header_for_every_field(feed):
    named = set(load_column_map(None, feed).fields.values())
    assert {field.name for field in FEEDS[feed].fields} <= named


@pytest.mark.parametrize("name", known_column_maps())
def test_a_map_names_fields_of_the_contract_or_says_that_they_are_not_personal(name):
    for feed in FEEDS.values():
        found = load_column_map(name, feed.name)
        strangers = set(found.fields.values()) - {field.name for each in FEEDS.values() for field in each.fields}
        assert strangers <= found.non_personal | {"indicator_name_zh", "unit"}


def test_a_senders_own_map_goes_before_the_default_one_and_a_feeds_row_before_the_general_one(tmp_path):
    (tmp_path / "default.csv").write_text("feed,header,field,non_personal\n,状态,status,false\n,名,title,false\n")
    (tmp_path / "own.csv").write_text(
        "feed,header,field,non_personal\ncourses,名,course_id,false\n,名,name,false\n,班级,class_name,true\n"
    )
    courses = load_column_map("own", "courses", tmp_path)
    assert courses.fields == {"状态": "status", "名": "course_id", "班级": "class_name"}
    assert courses.non_personal == {"class_name"}
    assert load_column_map("own", "reminders", tmp_path).field("名") == "name"
