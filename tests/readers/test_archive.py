import io
import zipfile

import py7zr
import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.archive import read
from ragflow_local.records import Block, Notice
from tests.samples import zipped

FILES: dict[str, str | bytes] = {
    "in/kraken.txt": "It sleeps.",
    "__MACOSX/in/._kraken.txt": "ghost",
    "arms.csv": "arm,length\nleft,9 m\n",
    "song.mp3": bytes(range(256)) * 9,
}


def seven(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return out.getvalue()


@pytest.mark.parametrize("pack", [zipped, seven], ids=["zip", "7z"])
def test_each_file_is_read_as_its_own_kind_under_its_path(pack: object) -> None:
    assert callable(pack)
    items = list(read(pack(FILES), "a.zip"))
    texts = [item.text for item in items if isinstance(item, Block)]
    assert texts == [
        "in/kraken.txt",
        "It sleeps.",
        "arms.csv",
        "arm\tlength\nleft\t9 m",
        "song.mp3",
    ]
    (notice,) = [item for item in items if isinstance(item, Notice)]
    assert "song.mp3" in notice.text


def test_archives_in_archives_end_at_a_depth() -> None:
    data: bytes | str = "It sleeps."
    for number in range(9):
        data = zipped({f"{number}.zip" if number else "0.txt": data})
    assert isinstance(data, bytes)
    assert any(isinstance(i, Notice) and "too deep" in i.text for i in read(data, "a.zip"))


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(DamagedFileError, match="unpack to"):
        list(read(zipped({"a.txt": "x", "b.txt": b"\0" * 60_000_000}), "a.zip"))
    with pytest.raises(DamagedFileError, match="unpack to"):
        list(read(zipped({f"{n}.txt": "x" for n in range(2001)}), "a.zip"))


def test_one_that_is_locked_or_torn_says_so() -> None:
    whole = zipped({"a.txt": "It sleeps." * 9})
    with pytest.raises(DamagedFileError, match="damaged"):
        list(read(whole[:40], "a.zip"))
    locked = bytearray(whole)
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DamagedFileError, match="password"):
        list(read(bytes(locked), "a.zip"))
    assert zipfile.is_zipfile(io.BytesIO(whole))
