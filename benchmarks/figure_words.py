"""Write ``text/figure_words.py``: number words, months and days of the week of many languages.

    pip install babel num2words
    python -m benchmarks.figure_words

Months and days are from CLDR through Babel, number words from num2words.
"""

from __future__ import annotations

import textwrap
from importlib import import_module
from pathlib import Path
from typing import Any

_LANGUAGES_SAID = """
    en de fr es it pt nl ru uk pl sv no da cs fi tr ro hu id vi ar he fa hi th"""
LANGUAGES = _LANGUAGES_SAID.split()
NUMBERS = (*range(2, 21), *range(30, 100, 10), 100)
TARGET = Path("ragflow_local/text/figure_words.py")
HEAD = '''"""Number words, months and days of the week of many languages, as figures.

Made by ``benchmarks/figure_words.py`` from CLDR and num2words: for each figure its words.
``m3`` is March, ``d1`` Monday.
"""

from __future__ import annotations

'''


def number_words(language: str) -> dict[str, list[str]]:
    """Return the words of whole numbers and their places in a row; only single words."""
    said = import_module("num2words").num2words
    found: dict[str, list[str]] = {}
    for number in NUMBERS:
        for kind in ("cardinal", "ordinal"):
            try:
                word = str(said(number, lang=language, to=kind)).casefold().strip()
            except (NotImplementedError, TypeError, IndexError, KeyError):
                continue
            if word and " " not in word and "-" not in word and not word[0].isdigit():
                found.setdefault(str(number), []).append(word)
    return found


def calendar_words(language: str) -> dict[str, list[str]]:
    """Return the names of months and days."""
    dates: Any = import_module("babel.dates")
    found: dict[str, list[str]] = {}
    for context in ("format", "stand-alone"):
        for month, name in dates.get_month_names("wide", context, language).items():
            found.setdefault(f"m{month}", []).append(name.casefold())
        for day, name in dates.get_day_names("wide", context, language).items():
            found.setdefault(f"d{day + 1}", []).append(name.casefold())
    return {key: [name for name in names if " " not in name] for key, names in found.items()}


def line_of(language: str) -> str:
    words = {**calendar_words(language)}
    try:
        words.update(number_words(language))
    except ImportError:
        raise
    except (NotImplementedError, AttributeError):
        pass
    return "; ".join(
        f"{figure} {' '.join(dict.fromkeys(names))}" for figure, names in words.items() if names
    )


def main() -> None:
    rows = ["FIGURE_WORDS = {"]
    for language in LANGUAGES:
        rows.append(f'    "{language}": """')
        rows += textwrap.wrap(line_of(language), 92, break_long_words=False, break_on_hyphens=False)
        rows[-1] += '""",'
    TARGET.write_text(HEAD + "\n".join([*rows, "}"]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
