"""CSV and TSV: the whole file is one table; delimiter and encoding are found out."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.grid import table
from ragflow_local.records import Block
from ragflow_local.text.encoding import decode

_DELIMITERS = ",;\t|"
_NONE = "\x1f"  # the library wants one; this one no text holds
_MOST_CELLS = 50_000  # of a row; a spreadsheet's own limit is 16,384
_SAMPLE_LINES = 200
# A field is as long as it is; the library's own limit is for the whole process, and 128 KiB.
csv.field_size_limit(2**31 - 1)


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield one table, or nothing for a file without cells.

    Raises:
        DamagedFileError: A row has more cells than any table.
    """
    text = decode(data)
    _check(text, name)
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        text, delimiter = rest, first[4]  # Excel's own way of saying it
    else:
        delimiter = find_delimiter(text)
    rows = list(_rows(text, delimiter))
    if _is_quote_left_open(rows):
        rows = list(_rows(text, delimiter, has_quotes=False))
    yield from table(rows)


def _check(text: str, name: str) -> None:
    """Raise ``DamagedFileError`` where a line has more cells than any table."""
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) <= _MOST_CELLS:
            continue
        delimiter = max(_DELIMITERS, key=line.count)
        cells = line.count(delimiter)
        if cells > _MOST_CELLS and '"' in line:  # of a quoted text they are commas
            cells = len(next(_rows(line, delimiter), ()))
        if cells > _MOST_CELLS:
            problem = f"one row has {cells:,} cells, the limit is {_MOST_CELLS:,}"
            raise DamagedFileError(name, f"line {number}", problem)


def find_delimiter(text: str) -> str:
    """Return the delimiter by which most rows of ``text`` have the same number of cells.

    A text of one column has none; U+001F stands for that.
    """
    sample = "\n".join(text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES])

    def evenness(delimiter: str) -> tuple[float, int, int]:
        rows = list(_rows(sample, delimiter))
        if _is_quote_left_open(rows):
            rows = list(_rows(sample, delimiter, has_quotes=False))
        widths = Counter(len(row) for row in rows if any(row))
        cut = {width: count for width, count in widths.items() if width > 1}
        # A delimiter that most rows do not have is a character of the text.
        if sum(cut.values()) <= widths.total() / 2:
            return 0.0, 0, 0
        width, count = max(cut.items(), key=lambda item: item[1])
        return count / widths.total(), width, -_DELIMITERS.index(delimiter)

    best = max(_DELIMITERS, key=evenness)
    return best if evenness(best)[0] else _NONE


def _rows(text: str, delimiter: str, has_quotes: bool = True) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline="")
    if has_quotes:
        return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _is_quote_left_open(rows: list[list[str]]) -> bool:
    """Return whether one field swallowed the rest of the file: its quote never closed."""
    return bool(rows and rows[-1]) and rows[-1][-1].count("\n") > 20
