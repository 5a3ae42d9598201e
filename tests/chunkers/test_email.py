import pytest

from ragflow_local.chunkers.email import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


HEADER = [Block("field", "From: a@sea.org"), Block("field", "Subject: Kraken")]


def contents(*body: str, budget: int = 128) -> list[str]:
    blocks = [*HEADER, *(Block("paragraph", text) for text in body)]
    found = chunk(blocks, ParserSettings(chunk_token_count=budget), TOOLS)
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
        Block("paragraph", "It sleeps.\n-----Original Message-----\nIt sang."),
        Block("heading", "notes.txt", level=1),
        Block("paragraph", "Nine arms."),
    ]
    (draft,) = chunk(blocks, ParserSettings(), TOOLS)
    assert draft.content.endswith("It sleeps.\nnotes.txt\nNine arms.")


def test_a_line_with_a_date_and_an_address_above_no_quotation_is_kept() -> None:
    (content,) = contents("Write by 30.11.2026 to Ann <a@b.c>:\nthe number of krakens.")
    assert "Write by 30.11.2026 to Ann <a@b.c>:\nthe number of krakens." in content


FORWARDS = {
    "outlook": ("FW: Boiler", "FYI\n\n-----Original Message-----\nFrom: C\nIt costs 12."),
    "german": ("WG: Kessel", "Zur Info\n\nVon: C\nGesendet: Montag\nAn: A\nIt costs 12."),
    "gmail": ("Boiler", "---------- Forwarded message ---------\nFrom: C\nIt costs 12."),
    "chinese": ("转发: 锅炉", "供参考\n\n发件人: C\n发送时间: 2021\n收件人: A\nIt costs 12."),
    "nothing said": ("Re: Boiler", "From: C\nSent: Monday\nTo: A\nIt costs 12."),
}


@pytest.mark.parametrize("name", sorted(FORWARDS))
def test_what_a_mail_forwards_is_what_it_is_about(name: str) -> None:
    subject, body = FORWARDS[name]
    blocks = [Block("field", f"Subject: {subject}"), Block("paragraph", body)]
    (draft,) = chunk(blocks, ParserSettings(), TOOLS)
    assert "It costs 12." in draft.content


def test_mails_of_a_box_stand_each_under_its_fields() -> None:
    blocks = [
        Block("field", "Subject: One"),
        Block("paragraph", "First."),
        Block("field", "Subject: Two"),
        Block("paragraph", "Second.\n> First."),
    ]
    box = Tools(count_tokens, kind="mbox")
    found = [draft.content for draft in chunk(blocks, ParserSettings(), box)]
    assert found == ["Subject: One\nFirst.", "Subject: Two\nSecond."]
