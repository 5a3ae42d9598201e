"""Ranges of characters, for a regular expression's brackets: which scripts there are tests for."""

KANA = "\u3040-\u30ff\u31f0-\u31ff"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HANGUL = "\uac00-\ud7a3"
HAN_AND_KANA = f"\u3005-\u3007{KANA}{HAN}"  # with the signs that repeat, end, and stand for zero
SOUTH_EAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
# Written without spaces between words; Tibetan too.
UNSPACED = f"{HAN_AND_KANA}{HANGUL}{SOUTH_EAST_ASIAN}\u0f00-\u0fff"
# Accents and vowel signs of Hebrew, Arabic and Indian scripts, which stand inside words.
SIGNS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0dff"
