"""Office drawings: the text of charts, diagrams and formulas, which Word and PowerPoint share."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ragflow_local.readers.grid import table
from ragflow_local.readers.inline import linked, lowered, raised, with_fractions
from ragflow_local.readers.package import REL, Package, Relation, count_of
from ragflow_local.readers.symbols import in_font
from ragflow_local.records import Block, Region

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def chart(package: Package, part: str, place: Region | None = None) -> Iterator[Block]:
    """Yield a chart's titles and its numbers as a table: a row a category, a column a series."""
    root = package.xml(part)
    titles = [text for title in root.iter(f"{CHART}title") if (text := drawn_text(title))]
    if titles:
        yield Block("figure", "\n".join(titles), place=place)
    names: list[str] = []
    columns: list[dict[int, str]] = []
    categories: dict[int, str] = {}
    for series in root.iter(f"{CHART}ser"):
        names.append(" ".join(_points(series.find(f"{CHART}tx")).values()))
        for tag in ("cat", "xVal"):
            categories = categories or _points(series.find(f"{CHART}{tag}"))
        values = series.find(f"{CHART}val")
        columns.append(_points(series.find(f"{CHART}yVal") if values is None else values))
    rows = [["", *names]]
    rows.extend(
        [categories.get(index, ""), *(column.get(index, "") for column in columns)]
        for index in sorted({*categories, *(key for column in columns for key in column)})
    )
    yield from table(rows, place)


def _points(element: Any) -> dict[int, str]:
    """Return the values a chart keeps with itself, by their index."""
    if element is None:
        return {}
    points: dict[int, str] = {}
    for point in element.iter(f"{CHART}pt"):
        text = point.findtext(f"{CHART}v") or ""
        index = count_of(point.get("idx"), 0)
        # Categories of several levels: the outer name goes before the inner.
        points[index] = f"{text} {points[index]}" if index in points else text
    return points


def drawn_text(element: Any) -> str:
    """Return the text of a drawing, a line a paragraph."""
    lines = (line_of(paragraph, {}).strip() for paragraph in element.iter(f"{DRAWING}p"))
    return "\n".join(line for line in lines if line)


def line_of(paragraph: Any, relations: Mapping[str, Relation]) -> str:
    """Return the text of a paragraph: raised and lowered signs told, addresses beside links."""
    parts: list[str] = []
    for node in paragraph.iter(f"{DRAWING}t", f"{DRAWING}br", f"{DRAWING}tab", f"{MATH}oMath"):
        if node.tag == f"{MATH}oMath":
            parts.append(formula(node))
        elif node.tag == f"{DRAWING}t":
            parts.append(_run_text(node, "".join(parts[-4:]), relations))
        else:
            parts.append("\n" if node.tag == f"{DRAWING}br" else "\t")
    return with_fractions("".join(parts))


def _run_text(node: Any, before: str, relations: Mapping[str, Relation]) -> str:
    text = node.text or ""
    properties = node.getparent().find(f"{DRAWING}rPr")
    if properties is None:
        return text
    for font in properties.iterchildren(f"{DRAWING}latin", f"{DRAWING}sym"):
        text = in_font(text, font.get("typeface", ""))
    rise = properties.get("baseline", "0")
    if rise.lstrip("-").isdecimal() and int(rise):
        text = raised(before, text) if int(rise) > 0 else lowered(before, text)
    link = properties.find(f"{DRAWING}hlinkClick")
    target = None if link is None else relations.get(link.get(f"{REL}id", ""))
    is_last = target is not None and not _goes_on(node.getparent(), link)
    return linked(text, target.target) if target is not None and is_last else text


def _goes_on(run: Any, link: Any) -> bool:
    """Return whether the next run is of the same link: its address is said once, at the end."""
    after = run.getnext()
    same = None if after is None else after.find(f"{DRAWING}rPr/{DRAWING}hlinkClick")
    return same is not None and same.get(f"{REL}id") == link.get(f"{REL}id")


def diagram(package: Package, part: str, place: Region | None = None) -> Iterator[Block]:
    """Yield the text of a diagram (SmartArt), a line an entry."""
    if text := drawn_text(package.xml(part)):
        yield Block("figure", text, place=place)


def formula(element: Any) -> str:
    """Return a formula on one line: fractions as (a)/(b), powers as a^(b), indices as a_(b)."""
    name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    if name in _SHAPES:
        return _SHAPES[name](element)
    between = {"oMathPara": "\n", "func": " "}.get(name, "")
    text = (element.text or "") if name == "t" else between.join(_parts(element))
    if name == "d":
        return f"{_sign(element, 'begChr', '(')}{text}{_sign(element, 'endChr', ')')}"
    # An accent stands after what it is on; rows of a matrix after one another.
    return text + {"acc": _sign(element, "chr", ""), "mr": ", "}.get(name, "")


def _parts(element: Any) -> list[str]:
    """Return what the parts of a formula say, those left out that say nothing."""
    return [text for child in element if (text := formula(child))]


def _joined(element: Any, sign: str) -> str:
    """Return the parts of a fraction, power or index with ``sign`` between them."""
    parts = [formula(child) for child in element if not child.tag.endswith("Pr")]
    first = parts[:1] if sign != "/" else [_whole(part) for part in parts[:1]]
    return sign.join([*first, *(_whole(part) for part in parts[1:])])


def _sum(element: Any) -> str:
    """Return a sum, product or integral with its bounds."""
    sub, sup, of = (
        "".join(formula(part) for part in element.iterchildren(f"{MATH}{tag}"))
        for tag in ("sub", "sup", "e")
    )
    bounds = (f"_{_whole(sub)}" if sub else "") + (f"^{_whole(sup)}" if sup else "")
    return f"{_sign(element, 'chr', '∫')}{bounds} {of}"


def _whole(text: str) -> str:
    """Return ``text`` in parentheses unless it holds together without."""
    return text if text.isalnum() else f"({text})"


def _sign(element: Any, tag: str, default: str) -> str:
    """Return a sign that a part of a formula keeps in its properties."""
    properties = element.find(f"{element.tag}Pr/{MATH}{tag}")
    return default if properties is None else properties.get(f"{MATH}val", "")


_SHAPES: dict[str, Callable[[Any], str]] = {
    "f": lambda element: _joined(element, "/"),
    "sSup": lambda element: _joined(element, "^"),
    "sSub": lambda element: _joined(element, "_"),
    "nary": _sum,
    "rad": lambda element: "√" + _whole("".join(formula(child) for child in element)),
}
