"""Tells a line that begins an item of a list."""

import re

# What an item of a list begins with.
ITEM = re.compile(
    r"^\s*(?:(?:[-*•·▪◦‣–●○□☐☑✓✔]|\(?\d{1,3}[.)]|\(?[^\W\d_][.)])\s+"
    r"|[（(][一二三四五六七八九十\d]{1,3}[)）]|(?:\d{1,3}|[一二三四五六七八九十]{1,3})[、．]|[①-⑳●○□])"
)
