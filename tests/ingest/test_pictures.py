"""Pictures of files that take too long, or end their worker."""

from pathlib import Path

import pytest

from ragflow_local.errors import LimitError
from ragflow_local.ingest import slots, wire
from ragflow_local.ingest.pictures import Pictures
from ragflow_local.settings import Limits
from ragflow_local.stores.files import Files
from tests.samples import file_of


def test_a_thumbnail_that_takes_too_long_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path)
    files.create()
    sha256 = files.put(file_of("pdf")[1])
    pictures = Pictures(files, Limits())
    thumbnail = wire.Picture(str(files.path_of(sha256)), "pdf", "a.pdf", 0, 72)
    with monkeypatch.context() as patched:
        patched.setattr(slots, "_BOOT", "import time; time.sleep(60)")
        with pytest.raises(LimitError, match=r"0\.3 seconds"):
            pictures.draw(thumbnail, seconds=0.3)
    assert pictures.draw(thumbnail) == b""
    # A page that was asked for by its number is tried again.
    page = wire.Picture(str(files.path_of(sha256)), "pdf", "a.pdf", 1, 72)
    assert pictures.draw(page).startswith(b"\x89PNG")
    pictures.close()
