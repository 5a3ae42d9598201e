"""The README: short, and what it shows is what happens."""

from pathlib import Path

import pytest

from tests.pages import ROOT, blocks_of, run_page

README = ROOT / "README.md"
MOST_LINES = 150


def test_it_is_read_in_a_few_minutes() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_its_blocks_run_in_order_without_weights(tmp_path: Path) -> None:
    shown = run_page(README, tmp_path)
    assert shown.startswith("DONE 100")
    assert "every second March" in shown


@pytest.mark.slow
def test_its_first_block_prints_what_stands_below_it(tmp_path: Path) -> None:
    (expected,) = (code for language, code in blocks_of(README) if language == "text")
    assert run_page(README, tmp_path, without_weights=False).startswith(expected)
