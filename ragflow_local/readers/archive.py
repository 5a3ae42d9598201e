"""Archives (.zip, .7z): each file in them as its own kind, under its path."""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.attachments import attached
from ragflow_local.readers.error_text import error_text
from ragflow_local.records import Block, Notice
from ragflow_local.text.plurals import count_of

# What a folder of documents unpacks to stays below; what exceeds it is no such folder.
_MOST_BYTES = 1 << 29
_MOST_FILES = 2_000
_MOST_RATIO = 400
_SMALL_BYTES = 50_000_000
_7Z = b"7z\xbc\xaf\x27\x1c"
# What systems leave in archives, and nobody put there.
_BESIDE = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)")
_TORN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield a heading with the path of each file, then its blocks one heading deeper.

    Args:
        data: The archive's bytes.
        name: The archive's name, for messages only.
        depth: In how many files it lies; 0 for one that is a file itself.

    Raises:
        DamagedFileError: It is broken, encrypted, or unpacks to more than documents ever do.
    """
    if not data:
        return
    files = _of_7z(data, name) if data.startswith(_7Z) else _of_zip(data, name)
    for path, content in files:
        if content and not _BESIDE.search(path):
            yield from attached(path, content, depth + 1)


def _check(name: str, sizes: list[int], packed: int) -> None:
    unpacked = sum(sizes)
    is_bomb = unpacked > _SMALL_BYTES and unpacked > _MOST_RATIO * max(packed, 1)
    if unpacked > _MOST_BYTES or len(sizes) > _MOST_FILES or is_bomb:
        files = count_of(len(sizes), "file")
        problem = f"its {files} unpack to {unpacked:,} bytes; add them one by one"
        raise DamagedFileError(name, "whole file", problem)


def _of_zip(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = [info for info in archive.infolist() if not info.is_dir()]
    except (*_TORN, NotImplementedError) as error:
        raise _torn(name, error) from error
    _check(name, [info.file_size for info in infos], len(data))
    if any(info.flag_bits & 1 for info in infos):
        raise DamagedFileError(name, "whole file", "it is encrypted with a password")
    for info in infos:
        try:
            with archive.open(info) as file:
                # A size that lies ends here: no more is read than was declared and checked.
                content = file.read(info.file_size)
        except (*_TORN, NotImplementedError, RuntimeError) as error:
            raise _torn(name, error, info.filename) from error
        yield info.filename, content


def _of_7z(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    import py7zr  # takes a while to import; few files need it

    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            if archive.needs_password():
                raise DamagedFileError(name, "whole file", "it is encrypted with a password")
            infos = [info for info in archive.list() if not info.is_directory]
            _check(name, [int(info.uncompressed or 0) for info in infos], len(data))
            factory = py7zr.io.BytesIOFactory(_MOST_BYTES)
            archive.extract(targets=[info.filename for info in infos], factory=factory)
        files = [(path, product.read()) for path, product in factory.products.items()]
    except DamagedFileError:
        raise
    except Exception as error:  # the library raises exceptions of any class
        raise _torn(name, error) from error
    yield from files


def _torn(name: str, error: Exception, where: str = "whole file") -> DamagedFileError:
    return DamagedFileError(name, where, f"the archive is damaged: {error_text(error)}")
