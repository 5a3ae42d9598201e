import json

from ragflow_local.chunkers.knowledge_graph import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


TEXT = """Alice Moray leads the Deep Sea Station (DSS). The DSS lies off Bergen.
Bergen is a town in Norway. Moray was born in Bergen. 《深海》是一本书。克拉肯读《深海》。"""


def graph() -> list[Draft]:
    return list(chunk([Block("paragraph", TEXT)], ParserSettings(chunk_token_count=40), TOOLS))


def entities() -> dict[str, Draft]:
    return {json.loads(d.data)["name"]: d for d in graph() if d.kind == "entity"}


def test_text_chunks_come_first_as_naive_cuts_them() -> None:
    kinds = [draft.kind for draft in graph()]
    assert kinds == sorted(kinds, key=["text", "entity", "relation"].index)
    assert kinds[0] == "text"


def test_names_acronyms_and_titles_are_entities() -> None:
    found = entities()
    assert {"Alice Moray", "Deep Sea Station", "Bergen", "深海"} <= set(found)
    assert json.loads(found["Deep Sea Station"].data)["aliases"] == ["DSS"]
    assert json.loads(found["Alice Moray"].data)["aliases"] == ["Moray"]
    assert json.loads(found["Bergen"].data)["weight"] == 3


def test_an_entity_says_first_what_it_is_and_names_its_sources() -> None:
    bergen = entities()["Bergen"]
    assert bergen.content.split("\n")[:2] == ["Bergen", "Bergen is a town in Norway."]
    assert json.loads(bergen.data)["sources"]


def test_what_stands_in_a_sentence_together_is_related() -> None:
    relations = [json.loads(d.data) for d in graph() if d.kind == "relation"]
    between = {frozenset(relation["between"]) for relation in relations}
    assert frozenset({"Alice Moray", "Deep Sea Station"}) in between
    assert frozenset({"Alice Moray", "Bergen"}) in between


def test_the_first_word_of_a_sentence_is_no_name_by_its_capital() -> None:
    assert not {"The", "Krill", "Sleeping"} & set(entities())
