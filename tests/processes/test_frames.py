import io

import pytest

from ragflow_local.errors import InvalidValueError, NotFoundError
from ragflow_local.processes.frames import error_named, read_frame, write_frame


def frames_of(*bodies: bytes) -> bytes:
    pipe = io.BytesIO()
    for body in bodies:
        write_frame(pipe, body)
    return pipe.getvalue()


def test_frames_are_read_one_by_one_as_they_were_written() -> None:
    pipe = io.BytesIO(frames_of(b"first", b"", b"second"))
    assert [read_frame(pipe) for _ in range(4)] == [b"first", b"", b"second", None]


def test_a_frame_that_is_cut_anywhere_is_the_end() -> None:
    whole = frames_of(b"a body")
    assert [read_frame(io.BytesIO(whole[:end])) for end in range(len(whole))] == [None] * len(whole)


def test_an_error_comes_back_in_its_class_with_its_message() -> None:
    error = error_named("NotFoundError", "There is no such chunk.")
    assert isinstance(error, NotFoundError)
    assert str(error) == "There is no such chunk."
    assert not isinstance(error, InvalidValueError)


@pytest.mark.parametrize("name", ["", "KeyError", "nosuch", "annotations", "__name__", "base"])
def test_what_names_no_error_of_ours_is_none(name: str) -> None:
    assert error_named(name, "whatever") is None
