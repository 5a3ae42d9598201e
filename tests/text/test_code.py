from __future__ import annotations

import pytest

from ragflow_local.text.code import looks_like_code


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("    pip install gauge", "Install it with:"),
        ("    curl -LO gauge\n    chmod +x gauge", "Fetch it::"),
        ("[listen]\nport = 25\nhost = localhost", ""),
        ("; where it listens\nport = 25", ""),
        ("level = info\nfile = /var/log/gauge", ""),
        ("-v, --verbose  say more\n-q, --quiet    say less", "Options"),
        ("init    make a project\nrun     start it", "Commands"),
        ("LAMP\n  green   running\n  red     no power", ""),
        ("-- 1. Overdue\nSELECT * FROM loans WHERE due < NOW();", ""),
        ("# newest file\nmax(paths, key=age)", ""),
    ],
)
def test_commands_settings_and_entries_look_like_code(text: str, before: str) -> None:
    assert looks_like_code(text.split("\n"), before)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("    It was a dark night.\n    The wind blew.", "He wrote:"),  # cited
        ("    pip is a program", "Install it"),  # nothing announces it
        ("Name: Ann\nPhone: 12", ""),  # a form
        ("To whom it may concern", "Letter"),
        ("# Shopping\nMilk, bread and eggs.", ""),
        ("Milk, bread and eggs\nand a bag", ""),
        ("    Ann Berg\n    12 Hill Street", "Send it to:"),
        ("    he came at nine. She saw it.", "He wrote:"),
        ("Tea      2\n----     -----\n====     =====", ""),
        ("    - a saw\n    - a nail", "You need:"),
        ("    员工须按时上班", "本公司规定："),
        ("    élan vital\n    à la carte", "Il dit :"),
        ("    a) gauge up\n    b) gauge down", "Choose one of:"),
        ("bees.  He had forty\nthe barn.  In the spring\nwe sold  them", ""),  # justified
        ("1.  Open the lid.\n2.  Close the lid.", ""),
        ("Capital = Oslo\nArea = 385 km2", ""),
        ("[Address]\nName: Ann Berg\nCity: Oslo", ""),
        ("# 12 Hill Street (near the park)\nAsk for Ann (red door)", ""),
    ],
)
def test_sentences_and_forms_do_not(text: str, before: str) -> None:
    assert not looks_like_code(text.split("\n"), before)
