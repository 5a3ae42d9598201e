"""Writes counts as English does: one file, two files."""

from __future__ import annotations


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 document``, ``2 documents`` or ``1,200 documents``.

    Args:
        number: How many.
        noun: What one of them is called.
        plural: What several are called, where an ``s`` does not make it.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
