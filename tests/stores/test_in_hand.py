from pathlib import Path

import pytest

from ragflow_local.stores.in_hand import NAME, InHand

A, B = "a" * 32, "b" * 32


def died_with(project: Path, *ids: str) -> InHand:
    """Return the note as the next process finds it, after one that ended with these in hand."""
    hand = InHand(project)
    hand.take_up(was_clean=False)
    with hand.noted(ids):
        note = (project / NAME).read_bytes()
    (project / NAME).write_bytes(note)
    return InHand(project)


def test_who_was_in_hand_at_an_end_is_suspect_and_at_the_second_guilty(tmp_path: Path) -> None:
    hand = died_with(tmp_path, A)
    assert hand.take_up(was_clean=False) == set()
    assert hand.is_suspect(A)
    assert not hand.is_suspect(B)
    assert died_with(tmp_path, A).take_up(was_clean=False) == {A}


def test_work_that_ends_leaves_no_suspect(tmp_path: Path) -> None:
    hand = InHand(tmp_path)
    with hand.noted([A]):
        assert (tmp_path / NAME).exists()
    assert not (tmp_path / NAME).exists()
    assert InHand(tmp_path).take_up(was_clean=False) == set()


def test_an_error_of_the_work_is_no_end_of_the_process(tmp_path: Path) -> None:
    hand = InHand(tmp_path)
    with pytest.raises(ValueError, match="odd"), hand.noted([A]):
        raise ValueError("odd")
    assert not InHand(tmp_path).is_suspect(A)


def test_a_clean_end_counts_for_nobody(tmp_path: Path) -> None:
    hand = died_with(tmp_path, A)
    assert hand.take_up(was_clean=True) == set()
    assert not hand.is_suspect(A)


def test_who_is_done_is_forgiven(tmp_path: Path) -> None:
    hand = died_with(tmp_path, A)
    hand.take_up(was_clean=False)
    hand.clear([A, B])
    assert not hand.is_suspect(A)
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize(
    "note", [b"", b"{", b"[]", b'{"ends": 1}', b'{"ends": {"../x": 9}, "now": ["../y"]}']
)
def test_a_damaged_note_accuses_nobody(tmp_path: Path, note: bytes) -> None:
    (tmp_path / NAME).write_bytes(note)
    assert InHand(tmp_path).take_up(was_clean=False) == set()


def test_nothing_is_written_after_the_end(tmp_path: Path) -> None:
    hand = InHand(tmp_path)
    hand.close()
    with hand.noted([A]):
        assert not (tmp_path / NAME).exists()
