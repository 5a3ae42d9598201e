"""Takes the particles from Korean words, which are written at their end: 수도는 is 수도.

Source: the particles (josa) of Standard Korean.
"""

from __future__ import annotations

import re

_WORD = re.compile("[가-힣]+")
# What no noun ends with, or hardly; and what many do, so that two syllables have to be left.
_SURE = re.compile(
    "(?:에서[는의도]?|에게서?|한테|으로[는써서]?|까지|부터|이라는|라는|에[는도]?|[은는를])$"
)
_UNSURE = re.compile("(?<=..)(?:이나|이란|라고|[이가을의로와과도만])$")


def without_particles(text: str) -> str:
    """Return a text whose words have no particles; of each word one syllable is left at least."""
    return _WORD.sub(lambda word: _bare(word[0]), text)


def _bare(word: str) -> str:
    bare = _SURE.sub("", word) or word
    return bare if bare != word else _UNSURE.sub("", word)
