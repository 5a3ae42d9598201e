import json

import pytest

from ragflow_local.answer.structured import check_schema, checked_values, schema_instruction
from ragflow_local.answer.support import Support
from ragflow_local.errors import CutOffAnswerError, InvalidValueError
from tests.answer.made import hits

SUPPORT = Support(hits("The pump has 42 valves.", "It stands in the cellar."), None, "Where?")


def schema(**properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties}


def test_values_are_cited_where_a_chunk_holds_them_whole() -> None:
    checked = checked_values(
        '{"where": "the cellar", "valves": 42}', "m", SUPPORT, schema(), is_strict=False
    )
    assert (checked.cited, checked.unsupported) == ((0, 1), ())


def test_what_no_chunk_holds_is_listed_and_stays() -> None:
    content = '{"where": "the attic", "valves": 43}'
    checked = checked_values(content, "m", SUPPORT, schema(), is_strict=False)
    assert checked.content == content
    assert set(checked.unsupported) == {"the attic", "43"}


def test_a_strict_check_puts_null_where_the_schema_allows_it() -> None:
    wanted = schema(where={"type": ["string", "null"]}, valves={"type": "integer"})
    checked = checked_values(
        '{"where": "the attic", "valves": 43}', "m", SUPPORT, wanted, is_strict=True
    )
    assert json.loads(checked.content) == {"where": None, "valves": 43}
    assert checked.unsupported == ("43",)


@pytest.mark.parametrize("part", [{"anyOf": [{"type": "null"}, {}]}, {"$ref": "#/$defs/maybe"}])
def test_null_may_be_allowed_by_a_choice_or_a_reference(part: dict[str, object]) -> None:
    wanted = {**schema(where=part), "$defs": {"maybe": {"type": ["null", "string"]}}}
    checked = checked_values('{"where": "the attic"}', "m", SUPPORT, wanted, is_strict=True)
    assert json.loads(checked.content) == {"where": None}


def test_choices_and_truths_are_not_checked() -> None:
    wanted = schema(kind={"enum": ["attic", "roof"]})
    checked = checked_values(
        '{"kind": "attic", "is_dry": true}', "m", SUPPORT, wanted, is_strict=True
    )
    assert (checked.cited, checked.unsupported) == ((), ())


def test_lists_are_checked_item_by_item() -> None:
    checked = checked_values('["cellar", "attic", ""]', "m", SUPPORT, {}, is_strict=False)
    assert (checked.cited, checked.unsupported) == ((1,), ("attic",))


def test_a_reference_in_a_circle_ends() -> None:
    wanted = {**schema(a={"$ref": "#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert checked_values('{"a": "x"}', "m", SUPPORT, wanted, is_strict=True).unsupported == ("x",)


def test_an_answer_that_ends_early_is_an_error() -> None:
    with pytest.raises(CutOffAnswerError):
        checked_values('{"where": "the ce', "m", SUPPORT, {}, is_strict=False)


def test_a_schema_is_told_as_it_is() -> None:
    assert schema_instruction({"title": "Größe"}).endswith('{"title": "Größe"}')


@pytest.mark.parametrize(
    "wrong",
    [
        "object",
        {"type": {1, 2}},
        {"$ref": "https://example.org/schema"},
        {"properties": {"a": {"$ref": "other.json"}}},
    ],
    ids=["no dict", "no JSON", "an address", "a file"],
)
def test_what_is_no_schema_by_itself_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidValueError, match="schema"):
        check_schema(wrong)


def test_a_schema_deeper_than_any_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(40):
        deep = {"items": deep}
    with pytest.raises(InvalidValueError, match="deep"):
        check_schema(deep)
    check_schema({"properties": {"a": {"$ref": "#/$defs/a"}}})
