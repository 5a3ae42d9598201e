import pytest

from ragflow_local.chunkers.email import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block
from ragflow_local.settings import ParserConfig
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


HEADER = [Block("field", "From: a@sea.org"), Block("field", "Subject: Kraken")]


def contents(*body: str, budget: int = 128) -> list[str]:
    blocks = [*HEADER, *(Block("paragraph", text) for text in body)]
    found = chunk(blocks, ParserConfig(chunk_token_count=budget), TOOLS)
    return [item.content for item in found]


def test_each_part_stands_under_the_header_fields() -> None:
    found = contents("It sleeps.\n" * 20, budget=24)
    assert len(found) > 2
    assert all(c.startswith("From: a@sea.org\nSubject: Kraken\nIt sleeps.") for c in found)
    assert all(count_tokens(content) <= 24 for content in found)


@pytest.mark.parametrize(
    "history",
    [
        "> It sang.\n> Loud.",
        "On Mon, 3 May 2021, Ann wrote:\n> It sang.",
        "On Mon, 3 May 2021 at 10:00 Ann <a@b.c>\nwrote:\n> It sang.",
        "-----Original Message-----\nFrom: Ann\nIt sang.",
        "From: Ann\nSent: Monday\nTo: Bob\nIt sang.",
        "发件人: 安\n发送时间: 2021年5月3日\n收件人: 鲍\nIt sang.",
        "在 2021年5月3日，安 写道：\n> It sang.",
        "2021年5月3日(月) 10:00 Ann <a@b.c>:\n> It sang.",
        "-----元のメッセージ-----\n差出人: Ann\nIt sang.",
    ],
    ids=[
        "marks",
        "wrote",
        "wrote in two lines",
        "original",
        "outlook",
        "chinese",
        "chinese wrote",
        "japanese",
        "japanese original",
    ],
)
def test_quoted_history_is_left_out(history: str) -> None:
    (content,) = contents(f"It sleeps.\n\n{history}")
    assert "It sleeps." in content
    assert "sang" not in content


def test_an_answer_below_a_quotation_is_kept() -> None:
    (content,) = contents("On Monday, Ann wrote:\n> Does it sing?\nIt does not.")
    assert content.endswith("Subject: Kraken\nIt does not.")


def test_a_mail_without_a_body_is_its_fields() -> None:
    assert contents() == ["From: a@sea.org\nSubject: Kraken"]


def test_attachments_stay_after_history() -> None:
    blocks = [
        *HEADER,
        Block("paragraph", "See below.\n-----Original Message-----\nIt sang."),
        Block("heading", "notes.txt", level=1),
        Block("paragraph", "Nine arms."),
    ]
    (draft,) = chunk(blocks, ParserConfig(), TOOLS)
    assert draft.content.endswith("See below.\nnotes.txt\nNine arms.")


def test_a_line_with_a_date_and_an_address_above_no_quotation_is_kept() -> None:
    (content,) = contents("Write by 30.11.2026 to Ann <a@b.c>:\nthe number of krakens.")
    assert "Write by 30.11.2026 to Ann <a@b.c>:\nthe number of krakens." in content
