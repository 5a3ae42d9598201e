"""Settings as a column keeps them, and as a row has them."""

from pathlib import Path

import pytest

from ragflow_local import Chat, DataSet, RAGFlow
from ragflow_local.settings import LLMSettings, ParserSettings, PromptSettings
from ragflow_local.stores.catalog import chats, datasets, documents, rows


def test_settings_come_out_as_they_went_in() -> None:
    settings = ParserSettings(chunk_token_count=64, overlap=0.1, delimiter="\n。")
    column = rows._column(settings)
    assert isinstance(column, str)
    assert rows.settings_of(ParserSettings, column) == settings


def test_what_was_not_set_is_not_kept() -> None:
    assert "overlap" not in str(rows._column(ParserSettings()))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"chunk_token_count": 0}', ValueError),
        ('{"no_such_setting": 1}', ValueError),
        ("[]", TypeError),
        ("{", ValueError),
    ],
    ids=["out of range", "unknown", "a list", "no JSON"],
)
def test_what_was_never_allowed_is_told_by_the_catalog(text: str, error: type[Exception]) -> None:
    with pytest.raises(error) as told:
        rows.settings_of(ParserSettings, text)
    # Only what this room raises is taken for damage of the catalog.
    assert Path(told.traceback[-1].path).name in ("rows.py", "decoder.py")


def test_rows_hold_settings(rag: RAGFlow, dataset: DataSet) -> None:
    dataset.update({"parser_config": {"chunk_token_count": 32}})
    document = rag.add_document(dataset, "a.txt", b"x")
    chat = rag.create_chat("c", knowledgebases=[dataset], llm=Chat.LLM({"seed": 3}))
    with rag.project.catalog.read() as reading:
        home = datasets.get(reading, dataset.id)
        row = documents.get(reading, document.id)
        spoken = chats.get(reading, chat.id)
    assert home is not None
    assert row is not None
    assert spoken is not None
    assert home.parser_config == row.parser_config == ParserSettings(chunk_token_count=32)
    assert spoken.llm == LLMSettings(seed=3)
    assert spoken.prompt == PromptSettings()
