from __future__ import annotations

import pytest

from ragflow_local.answer.unit import Heading, Unit
from ragflow_local.answer.unit_code import code_units
from ragflow_local.answer.units import units_of
from ragflow_local.records import Marked


def told(text: str) -> list[str]:
    """Return the texts, headings after a sign."""
    return [
        f"# {piece.text}" if isinstance(piece, Heading) else piece.text
        for piece in code_units(text)
    ]


def test_a_short_program_is_one_unit_with_its_lines() -> None:
    program = "from gauge import Gauge\n\ngauge = Gauge()\nfor level in gauge:\n    print(level)"
    assert told(program) == [program]


def test_comments_part_the_commands_they_are_on() -> None:
    text = "# make it\ngauge init\n\n# start it\ngauge run"
    assert told(text) == ["# make it\ngauge init", "# start it\ngauge run"]


def test_a_long_program_is_cut_at_blank_lines() -> None:
    lines = [f"step({number})" for number in range(9)]
    text = "\n".join([*lines, "", *lines])
    assert told(text) == ["\n".join(lines)] * 2


def test_options_are_entries_with_the_lines_that_go_on_with_them() -> None:
    text = (
        "Options:\n  -v, --verbose   say more,\n                  and more\n"
        "  --dry-run       write nothing"
    )
    assert told(text) == [
        "# Options",
        "-v, --verbose   say more, and more",
        "--dry-run       write nothing",
    ]


def test_a_line_over_entries_is_their_heading() -> None:
    text = "WIFI\n  blue    both bands\n  off     no radio\nUSB\n  white   ready"
    assert told(text) == [
        "# WIFI",
        "blue    both bands",
        "off     no radio",
        "# USB",
        "white   ready",
    ]


def test_a_setting_is_a_row_with_the_comment_above_it() -> None:
    text = "[listen]\n; where it listens\nport = 25\nhost = localhost\n\n; how many\nmost = 3"
    assert told(text) == [
        "# listen",
        "; where it listens\nport = 25\nhost = localhost",
        "; how many\nmost = 3",
    ]
    rows = [piece for piece in code_units(text) if isinstance(piece, Unit)]
    assert (rows[0].names, rows[0].cells) == (("port", "host"), ("25", "localhost"))


def test_settings_within_others_stand_under_them() -> None:
    assert told("cache:\n  ttl: 14\nenv:\n  MODE: test") == [
        "# cache",
        "ttl: 14",
        "# env",
        "MODE: test",
    ]


def marked(content: str, *code: int) -> list[Unit]:
    """Return the units of a chunk with some lines marked as code."""
    return units_of(content, (), [Marked(number, 1, 0) for number in code])


def test_a_command_is_quoted_with_the_sentence_above_it() -> None:
    units = marked("It is small.\nInstall it so:\npip install gauge", 2)
    assert [unit.text for unit in units] == ["It is small.", "Install it so:\npip install gauge"]


def test_a_command_is_quoted_without_a_long_text_above_it() -> None:
    text = f"It {'really ' * 40}is small."
    assert [unit.text for unit in marked(f"{text}\npip install gauge", 1)][1:] == [
        "pip install gauge"
    ]


def test_a_command_is_no_heading_of_the_sentence_below_it() -> None:
    content = "pip install gauge\nOn other systems it is built anew."
    assert [unit.heads for unit in marked(content, 0)] == [(), ()]
    assert [unit.heads for unit in units_of(content)] == [("pip install gauge",)]


@pytest.mark.parametrize("lead", ["2. ", "- "])
def test_what_is_set_in_goes_with_its_item(lead: str) -> None:
    units = units_of(f"{lead}Convert it. It takes a minute:\n     gauge migrate\n{lead}Start it.")
    assert [unit.text for unit in units] == [
        f"{lead}Convert it.",
        "It takes a minute: gauge migrate",
        f"{lead}Start it.",
    ]


def test_a_command_is_quoted_with_a_short_sentence_above_it_though_it_ends_with_no_colon() -> None:
    assert [unit.text for unit in marked("Install it.\npip install gauge", 1)] == [
        "Install it.\npip install gauge"
    ]


def test_several_commands_stay_below_what_introduces_them() -> None:
    content = "Run these:\n# make it\ngauge init\n# start it\ngauge run"
    units = units_of(content, (), [Marked(1, 4, 0)])
    assert [unit.text for unit in units] == [
        "Run these:",
        "# make it\ngauge init",
        "# start it\ngauge run",
    ]
