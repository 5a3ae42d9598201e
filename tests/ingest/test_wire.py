import io
import struct

import msgspec
import pytest

from ragflow_local import errors
from ragflow_local.ingest import wire
from ragflow_local.records import Block, Draft, Region
from ragflow_local.settings import ParserSettings


def test_a_frame_arrives_as_it_was_sent() -> None:
    blocks = [
        Block("table", "a\tb", place=Region(1, 0.0, 0.5, 9.25, 10.0), rows=(("a", "b"),)),
        Block("figure", "克拉肯", image=b"\x89PNG\x00"),
    ]
    sent = wire.Chunk(blocks, "pdf", "a.pdf", "naive", ParserSettings(), "", 254)
    pipe = io.BytesIO()
    wire.send(pipe, sent)
    counted = wire.Counted([1], ["en"], ["text", "a"], b"\0" * 8, b"\1" * 8, b"\2" * 4)
    reply = wire.Chunked([Draft("text", headings=("A",))], ["Note."], counted)
    wire.send(pipe, reply)
    pipe.seek(0)
    assert wire.receive_request(pipe) == sent
    assert wire.receive_reply(pipe) == reply
    assert wire.receive_reply(pipe) is None


def test_half_a_frame_is_the_end_of_the_pipe() -> None:
    pipe = io.BytesIO()
    wire.send(pipe, wire.Planned(7))
    half = io.BytesIO(pipe.getvalue()[:-1])
    assert wire.receive_reply(half) is None


def test_a_frame_of_another_type_is_refused() -> None:
    body = msgspec.msgpack.encode({"type": "Planned", "pages": "seven"})
    with pytest.raises(msgspec.ValidationError):
        wire.receive_reply(io.BytesIO(struct.pack(">I", len(body)) + body))


def test_an_error_keeps_its_class_and_message_on_the_way() -> None:
    error = errors.DamagedFileError("a.pdf", "page 3", "it is encrypted")
    arrived = wire.error_of(wire.failure_of(error), "a.pdf")
    assert type(arrived) is errors.DamagedFileError
    assert str(arrived) == str(error)


def test_a_bug_of_a_reader_arrives_as_a_damaged_file() -> None:
    arrived = wire.error_of(wire.failure_of(KeyError("x")), "a.pdf")
    assert isinstance(arrived, errors.DamagedFileError)
    assert "KeyError" in str(arrived)
