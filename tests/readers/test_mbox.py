import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.mbox import read

MAIL = b"From x Mon\nFrom: %s\nSubject: s\n\nBody of %s.\n>From here on.\n\n"


def test_all_mails_of_a_box_are_read() -> None:
    data = b"".join(MAIL % (name, name) for name in (b"a@b", b"c@d", b"e@f"))
    texts = [item.text for item in read(data, "a.mbox")]
    assert texts.count("Subject: s") == 3
    assert [text for text in texts if text.startswith("Body")] == [
        f"Body of {name}.\nFrom here on." for name in ("a@b", "c@d", "e@f")
    ]


def test_a_line_of_a_text_that_begins_with_from_parts_no_mail() -> None:
    data = MAIL % (b"a@b", b"a") + b"From here the sea is deep.\n"
    assert sum(item.text == "Subject: s" for item in read(data)) == 1


def test_what_is_no_mailbox_is_damage() -> None:
    with pytest.raises(DamagedFileError, match="no mail"):
        list(read(b"plain", "a.mbox"))
