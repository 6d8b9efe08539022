"""Every column says what it means, every table of core and marts keeps its contract and has its key tested."""

from __future__ import annotations

import re

import pytest

_FILLERS = "a an the of this that its it for in on at by to is and or as with from column field value data"
FILLERS = frozenset(_FILLERS.split())


def documented_relations(manifest: dict) -> list[dict]:
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in {"model", "seed"}]
    return [*nodes, *manifest["sources"].values()]


def words_of(text: str) -> set[str]:
    """The words that carry meaning, without plural endings."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"['’]s?\b", "", text.lower()))
    return {word.removesuffix("s") or word for word in words if word not in FILLERS}


def is_name_in_words(name: str, description: str) -> bool:
    """True when a description says nothing but the column's name. Any Chinese text is news to an English name."""
    if re.search(r"[\u4e00-\u9fff]", description):
        return False
    return words_of(description) <= words_of(name.replace("_", " "))


@pytest.mark.parametrize(
    ("name", "description", "expected"),
    [
        ("registered_at", "Registered at.", True),
        ("registered_at", "The registered_at of the registration", False),
        ("platform_ids", "The platform's id", True),
        ("learners", "Distinct persons, counted anew in every row.", False),
        ("name_zh", "名称", False),
        ("day", "", True),
    ],
)
def test_the_measure_itself(name, description, expected):
    assert is_name_in_words(name, description) is expected


def test_every_relation_states_what_one_row_is(manifest):
    relations = documented_relations(manifest)
    assert len(relations) > 40
    assert [relation["name"] for relation in relations if len(relation["description"].split()) < 3] == []


def test_no_column_is_described_by_its_own_name(manifest):
    columns = [
        (relation["name"], column["name"], column["description"])
        for relation in documented_relations(manifest)
        for column in relation["columns"].values()
    ]
    assert len(columns) > 300
    assert [f"{relation}.{name}: {text!r}" for relation, name, text in columns if is_name_in_words(name, text)] == []


@pytest.mark.parametrize("layer", ["core", "marts"])
def test_every_table_keeps_a_contract(manifest, layer):
    models = _models(manifest, layer)
    assert models
    assert [model["name"] for model in models if not model["config"]["contract"]["enforced"]] == []
    undocumented = [
        f"{model['name']}.{column['name']}"
        for model in models
        for column in model["columns"].values()
        if not column["data_type"] or not column["description"]
    ]
    assert undocumented == []


@pytest.mark.parametrize("layer", ["core", "marts"])
def test_every_table_has_its_key_tested(manifest, layer):
    tested = {
        test["attached_node"]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test" and (test.get("test_metadata") or {}).get("name") == "primary_key"
    }
    assert [model["name"] for model in _models(manifest, layer) if model["unique_id"] not in tested] == []


def test_every_mart_is_a_table(manifest):
    materialized = {model["name"]: model["config"]["materialized"] for model in _models(manifest, "marts")}
    assert {name for name, kind in materialized.items() if kind != "table"} == set()


def test_the_catalogue_names_the_grain_of_every_mart(manifest):
    grain = re.compile(r"\b(one row|a row|rows?) (per|for|an?|of)\b|\bone row\b", re.IGNORECASE)
    assert [model["name"] for model in _models(manifest, "marts") if not grain.search(model["description"])] == []


def _models(manifest: dict, layer: str) -> list[dict]:
    nodes = manifest["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "model" and node["fqn"][1] == layer]
