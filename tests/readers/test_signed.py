import base64

import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.signed import content_of, read
from tests import old_office


def test_what_was_signed_is_read_as_its_own_kind() -> None:
    data = old_office.signed(b"<?xml version='1.0'?><invoice><total>950</total></invoice>")
    assert [item.text for item in read(data, "a.xml.p7m")] == ["total: 950"]


def test_letters_for_bytes_are_undone() -> None:
    armour = base64.encodebytes(old_office.signed(b"It sleeps."))
    assert content_of(armour) == b"It sleeps."
    assert content_of(b"-----BEGIN PKCS7-----\n" + armour + b"-----END PKCS7-----") == b"It sleeps."


def test_a_signature_alone_is_damage() -> None:
    with pytest.raises(DamagedFileError, match="signature"):
        list(read(b"\x30\x03\x02\x01\x00", "a.p7m"))
