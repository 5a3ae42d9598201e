from email.message import EmailMessage

import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.email import read
from ragflow_local.records import Block, Notice
from tests import old_office


def mail(subject: str = "The Kraken", body: str = "It sleeps.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", subject
    message.set_content(body)
    return message


def texts(data: bytes) -> list[str]:
    return [item.text for item in read(data, "a.eml")]


def test_fields_come_first_then_the_body() -> None:
    assert [
        (item.kind, item.text) for item in read(mail().as_bytes()) if isinstance(item, Block)
    ] == [
        ("field", "From: a@b.example"),
        ("field", "To: c@d.example"),
        ("field", "Subject: The Kraken"),
        ("paragraph", "It sleeps."),
    ]


def test_encoded_words_are_decoded() -> None:
    data = b"From: a\r\nSubject: =?gb2312?B?xOO6ww==?= =?utf-8?q?f=C3=BCr?=\r\nTo: b\r\n\r\nx"
    assert "Subject: 你好für" in texts(data)


def test_of_two_versions_the_plain_one_is_taken() -> None:
    message = mail()
    message.add_alternative("<p>It <b>sleeps</b>.</p>", subtype="html")
    assert texts(message.as_bytes())[3:] == ["It sleeps."]


def test_a_mail_of_html_alone_is_read() -> None:
    message = mail()
    message.set_content("<p>It <b>sleeps</b>.</p>", subtype="html")
    assert texts(message.as_bytes())[3:] == ["It sleeps."]


def test_attachments_are_read_as_their_own_kinds_one_heading_deeper() -> None:
    message = mail()
    message.add_attachment(b"# Deep\n\nsea", maintype="text", subtype="x", filename="a.md")
    blocks = [item for item in read(message.as_bytes()) if isinstance(item, Block)][4:]
    assert [(b.kind, b.level, b.text) for b in blocks] == [
        ("heading", 1, "a.md"),
        ("heading", 2, "Deep"),
        ("paragraph", 0, "sea"),
    ]


def test_an_attachment_that_cannot_be_read_gives_a_notice() -> None:
    message = mail()
    noise = bytes(range(256)) * 8
    message.add_attachment(noise, maintype="audio", subtype="mpeg", filename="song.mp3")
    message.add_attachment(b"PK\3\4 torn", maintype="a", subtype="b", filename="torn.docx")
    notices = [item.text for item in read(message.as_bytes()) if isinstance(item, Notice)]
    assert ["song.mp3" in notices[0], "torn.docx" in notices[1]] == [True, True]


def test_mails_within_mails_are_read_to_a_depth_of_three() -> None:
    message = mail("depth 5", "at depth 5\n")
    for depth in (4, 3, 2, 1, 0):
        outer = mail(f"depth {depth}", f"at depth {depth}\n")
        outer.add_attachment(message)
        message = outer
    items = list(read(message.as_bytes()))
    said = [item.text for item in items if isinstance(item, Block)]
    assert [f"at depth {depth}" in said for depth in range(6)] == [True] * 4 + [False] * 2
    assert sum(isinstance(item, Notice) for item in items) == 1


def test_a_body_in_an_unnamed_encoding_is_read() -> None:
    data = b"From: a\r\nSubject: s\r\nTo: b\r\n\r\n" + "größer".encode("cp1252")
    assert texts(data)[-1] == "größer"


def test_what_has_no_header_is_no_mail() -> None:
    with pytest.raises(DamagedFileError, match="no mail"):
        texts(b"\n\njust text\n")


def test_white_space_alone_is_nothing() -> None:
    assert texts(b" \n\n  \n") == []


def test_a_version_that_says_more_wins_over_a_poor_plain_one() -> None:
    message = mail(body="View this mail in your browser\n")
    message.add_alternative(
        "<p>The pump price falls to 700 EUR from May on, says our plumber.</p>"
        "<table><tr><th>Part<th>Price<tr><td>Valve<td>12</table>",
        subtype="html",
    )
    found = texts(message.as_bytes())
    assert "Part\tPrice\nValve\t12" in found
    assert not any("browser" in text for text in found)


def test_an_invitation_beside_the_text_is_read_too() -> None:
    message = mail()
    message.add_alternative("BEGIN:VEVENT\nSUMMARY:Dive\nEND:VEVENT\n", subtype="calendar")
    assert texts(message.as_bytes())[-2:] == ["It sleeps.", "Summary: Dive"]


def test_a_signed_mail_is_read_and_a_signature_beside_it_passed_over() -> None:
    inner = b"Content-Type: text/plain\r\n\r\nIt sleeps.\r\n"
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content(old_office.signed(inner), "application", "pkcs7-mime")
    assert texts(message.as_bytes()) == ["From: a@b.example", "It sleeps."]
    message = mail()
    message.add_attachment(b"\x30\x00", "application", "pkcs7-signature", filename="smime.p7s")
    assert texts(message.as_bytes())[-1] == "It sleeps."


def test_an_encrypted_mail_says_so() -> None:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content(b"\x30\x03\x02\x01\x00", "application", "pkcs7-mime")
    assert "encrypted" in texts(message.as_bytes())[-1]
