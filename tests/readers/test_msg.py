import struct

import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.msg import read, unpack_rtf
from tests import ole2


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def test_sender_date_and_body_are_read() -> None:
    sent = struct.pack("<IIQ", 0x00390040, 0, 133_500_000_000_000_000)
    data = ole2.write(
        {
            "__properties_version1.0": b"\0" * 32 + sent,
            "__substg1.0_0C1A001F": wide("Ned Land"),
            "__substg1.0_5D01001F": wide("ned@nautilus.example"),
            "__substg1.0_0037001F": wide("The Kraken"),
            "__substg1.0_10130102": b"<p>It <b>sleeps</b>.</p>",
        }
    )
    assert [item.text for item in read(data)] == [
        "From: Ned Land <ned@nautilus.example>",
        "Date: Wed, 17 Jan 2024 21:20:00 +0000",
        "Subject: The Kraken",
        "It sleeps.",
    ]


def test_a_mail_within_is_read_under_its_name() -> None:
    data = ole2.write(
        {
            "__substg1.0_0037001F": wide("Outer"),
            "__attach_version1.0_#00000000": {
                "__substg1.0_3707001F": wide("inner.msg"),
                "__substg1.0_3701000D": {
                    "__substg1.0_0037001F": wide("Inner"),
                    "__substg1.0_1000001F": wide("It sleeps."),
                },
            },
        }
    )
    assert [item.text for item in read(data)] == [
        "Subject: Outer",
        "inner.msg",
        "Subject: Inner",
        "It sleeps.",
    ]


def test_compressed_rtf_is_unpacked() -> None:
    # The example of [MS-OXRTFCP] 3.1.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d"
        "0a800fa0"
    )
    assert unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_what_is_no_mail_is_damage() -> None:
    with pytest.raises(DamagedFileError):
        list(read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1torn", "a.msg"))
