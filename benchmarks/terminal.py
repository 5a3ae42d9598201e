"""A picture of a terminal: real commands in a pseudo-terminal, their screen as SVG.

    python -m benchmarks.terminal          # or: make picture

Nothing is drawn by hand: what a command writes goes through a terminal emulator, and the screen at
the end is what the picture shows, colours included.
"""

from __future__ import annotations

import io
import itertools
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import termios
from pathlib import Path
from typing import Any

import pyte
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from benchmarks.measure import RESULTS

BOX = Path(__file__).parents[1] / "ragflow_local/cli/demo_documents"
COLUMNS, ROWS = 94, 70
COMMANDS = (
    "ragflow-local add handbook.pdf guide.md boat-log.csv",
    "ragflow-local search 'diesel on a winter day' --limit 2",
    "ragflow-local ask 'How much diesel does the generator burn on a winter day?'",
)
NAMES = {
    "station-handbook.pdf": "handbook.pdf",
    "visitor-guide.md": "guide.md",
    "boat-log.csv": "boat-log.csv",
}

# The theme of rich's own template, without its fonts, which would be loaded from elsewhere.
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def run(command: str, screen: Any, stream: Any, directory: Path) -> None:
    """Run a command line in a pseudo-terminal, and let the screen show what it writes."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(directory)
        words = ["sh", "-c", command.replace("ragflow-local", f"{sys.executable} -m ragflow_local")]
        os.execvp("sh", words)
    termios.tcsetwinsize(master, (ROWS, COLUMNS))
    while True:
        select.select([master], [], [])
        try:
            data = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        stream.feed(data)
    _, status = os.waitpid(pid, 0)
    os.close(master)
    if status:
        raise SystemExit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")


def line_of(cells: Any, columns: int) -> Text:
    """Return one line of the screen with its colours."""
    text = Text()
    line = [cells[column] for column in range(columns)]
    for style, of_style in itertools.groupby(line, key=style_of):
        text.append("".join(cell.data for cell in of_style), style)
    text.rstrip()
    return text


def style_of(cell: Any) -> Style:
    return Style(
        color=colour(cell.fg), bgcolor=colour(cell.bg), bold=cell.bold, reverse=cell.reverse
    )


def colour(name: str) -> Color | None:
    """Return a colour as the emulator names it: by a word, or by six digits."""
    if name == "default":
        return None
    if re.fullmatch("[0-9a-f]{6}", name):
        return Color.parse(f"#{name}")
    word = name.replace("brown", "yellow")  # the darker yellow of old terminals
    return Color.parse(word.replace("bright", "bright_"))


def main() -> None:
    if shutil.which("sh") is None:
        raise SystemExit("It takes a shell.")
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        for source, name in NAMES.items():
            shutil.copy(BOX / source, directory / name)
        os.environ.pop("NO_COLOR", None)
        os.environ |= {"TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[1])}
        for number, command in enumerate(COMMANDS):
            stream.feed(b"\r\n" if number else b"")
            stream.feed(f"\x1b[1;32m$\x1b[0m \x1b[1m{command}\x1b[0m\r\n".encode())
            run(command, screen, stream, directory)
    lines = [line_of(screen.buffer[row], COLUMNS) for row in range(ROWS)]
    while lines and not lines[-1].plain:
        lines.pop()
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for line in lines:
        console.print(line)
    svg = console.export_svg(title="ragflow-local", theme=SVG_EXPORT_THEME, code_format=SVG)
    (RESULTS / "terminal.svg").write_text(svg, "utf-8")
    print("\n".join(line.plain for line in lines))


if __name__ == "__main__":
    main()
