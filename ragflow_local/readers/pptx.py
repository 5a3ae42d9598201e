"""PowerPoint files: a slide is a page; its title, texts, tables, charts, pictures and notes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.attachments import embedded
from ragflow_local.readers.drawing import DRAWING, chart, diagram, line_of
from ragflow_local.readers.grid import Cell, spread, table
from ragflow_local.readers.package import REL, Package, Relation
from ragflow_local.readers.slide_order import in_reading_order
from ragflow_local.records import Block, BlockKind, Notice, Region

_SLIDE = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_EMU_PER_POINT = 12_700
_RUNNING = ("dt", "ftr", "hdr")  # placeholders that say the same on each slide
_MAX_DEPTH = 50  # groups within groups


@dataclass(frozen=True, slots=True)
class _Frame:
    """How lengths of a group are to be read: slide = (length - zero) * scale + start, in EMU."""

    start: tuple[float, float] = (0.0, 0.0)
    zero: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)

    def map(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the group as a point of the slide."""
        return (
            (x - self.zero[0]) * self.scale[0] + self.start[0],
            (y - self.zero[1]) * self.scale[1] + self.start[1],
        )


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield the blocks of all slides in order; each has its slide's number and its box.

    Args:
        data: The file's bytes.
        name: The file's name, for messages only.
        depth: In how many files it lies; 0 for one that is a file itself.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PowerPoint file.
    """
    seen: set[str] = set()
    for package, part, whole in _slides(data, name):
        yield from _Slide(package, part, whole, seen).blocks()
        yield from embedded(package, [part], depth)


def read_slide(data: bytes, page: int, name: str = "") -> tuple[Region, list[Block]] | None:
    """Return the place and all blocks of one slide; None where there is no such slide.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PowerPoint file.
    """
    for package, part, whole in _slides(data, name):
        if whole.page == page:
            return whole, list(_Slide(package, part, whole, set()).blocks())
    return None


def _slides(data: bytes, name: str) -> Iterator[tuple[Package, str, Region]]:
    """Yield the part of each slide, and its number and size as a place."""
    package = Package(data, name)
    mains = package.find("", "officeDocument")
    main = mains[0] if mains else "ppt/presentation.xml"
    root = package.xml(main)
    relations = package.relations(main)
    size = root.find(f"{_SLIDE}sldSz")
    width, height = (
        int(_number(size, side) or default) / _EMU_PER_POINT
        for side, default in (("cx", 9_144_000), ("cy", 6_858_000))
    )
    slides = [relations.get(e.get(f"{REL}id", "")) for e in root.iter(f"{_SLIDE}sldId")]
    for page, relation in enumerate(slides, start=1):
        if relation is None or relation.target not in package:
            raise DamagedFileError(name, f"slide {page}", "this slide is missing")
        yield package, relation.target, Region(page, 0, 0, width, height)


class _Slide:
    """One slide being read. ``seen`` holds what earlier slides said at foot and head."""

    def __init__(self, package: Package, part: str, whole: Region, seen: set[str]) -> None:
        self._package = package
        self._part = part
        self._relations = package.relations(part)
        self._whole = whole
        self._seen = seen
        layouts = package.find(part, "slideLayout")
        masters = package.find(layouts[0], "slideMaster") if layouts else []
        self._models = [package.xml(model) for model in (*layouts[:1], *masters[:1])]

    def blocks(self) -> Iterator[Block]:
        """Yield the slide's blocks: its title, everything else as drawn, notes, comments."""
        root = self._package.xml(self._part)
        blocks = [block for tree in root.iter(f"{_SLIDE}spTree") for block in self._group(tree)]
        yield from (block for block in blocks if block.kind == "heading")
        yield from (block for block in blocks if block.kind != "heading")
        for part in self._package.find(self._part, "notesSlide"):
            notes = self._package.xml(part)
            for shape in notes.iter(f"{_SLIDE}sp"):
                if _placeholder(shape)[0] == "body" and (text := _shape_text(shape)):
                    yield Block("paragraph", f"Notes: {text}", place=self._whole)
        for part in self._package.find(self._part, "comments"):
            for text in _comments(self._package.xml(part)):
                yield Block("paragraph", f"Comment: {text}", place=self._whole)

    def _group(self, tree: Any, frame: _Frame | None = None, depth: int = 0) -> Iterator[Block]:
        frame = frame or _Frame()
        parts: list[list[Block]] = []
        for shape in tree if depth < _MAX_DEPTH else ():
            if not isinstance(shape.tag, str) or _is_hidden(shape):
                continue
            name = shape.tag.rpartition("}")[2]
            if name == "grpSp":
                inner = self._group(shape, _inner_frame(shape, frame), depth + 1)
            elif name == "AlternateContent":
                versions = shape.findall(f"{_COMPATIBLE}Choice") or list(shape)
                inner = self._group(versions[0], frame, depth + 1) if versions else iter(())
            else:
                inner = self._single(shape, name, frame)
            if blocks := list(inner):
                parts.append(blocks)
        for part in in_reading_order(parts, _place_of):
            yield from part

    def _single(self, shape: Any, name: str, frame: _Frame) -> Iterator[Block]:
        """Yield the blocks of what is no group."""
        if name in ("sp", "cxnSp"):
            yield from self._shape(shape, frame)
        elif name == "graphicFrame":
            yield from self._graphic(shape, self._place(shape, frame))
        elif name == "pic":
            yield from self._picture(shape, self._place(shape, frame))

    def _shape(self, shape: Any, frame: _Frame) -> Iterator[Block]:
        """Yield the paragraphs of a shape."""
        role = _placeholder(shape)[0]
        if role == "sldNum":
            return
        place = self._place(shape, frame)
        paragraphs = list(_paragraphs(shape, self._relations))
        if role in ("title", "ctrTitle"):
            if text := " ".join(" ".join(text.split()) for text, _ in paragraphs):
                yield Block("heading", text, level=1, place=place)
            return
        is_list = role in ("", "body", "obj") and len(paragraphs) > 1
        number = 0
        for text, properties in paragraphs:
            kind: BlockKind = "paragraph"
            if role in _RUNNING:
                kind = "running" if text in self._seen else "paragraph"
                self._seen.add(text)
            marker, number = _marker(properties, number, is_list)
            yield Block("list_item" if marker else kind, marker + text, place=place)

    def _graphic(self, frame: Any, place: Region) -> Iterator[Block]:
        """Yield a table, chart or diagram."""
        for element in frame.iter(f"{DRAWING}tbl"):
            yield from table(spread(list(_table_rows(element, self._relations))), place)
        for reference in frame.iter("{*}chart", "{*}relIds"):
            is_diagram = reference.tag.endswith("relIds")
            id = reference.get(f"{REL}{'dm' if is_diagram else 'id'}", "")
            relation = self._relations.get(id)
            if relation and relation.target in self._package:
                read_part = diagram if is_diagram else chart
                yield from read_part(self._package, relation.target, place)
        yield from (
            block for pic in frame.iter(f"{_SLIDE}pic") for block in self._picture(pic, place)
        )

    def _picture(self, picture: Any, place: Region) -> Iterator[Block]:
        """Yield a picture with its bytes, once a file: logos stand on every slide."""
        properties = next(picture.iter(f"{_SLIDE}cNvPr"), None)
        text = (
            "" if properties is None else properties.get("descr") or properties.get("title") or ""
        )
        image, target = b"", ""
        for blip in picture.iter(f"{DRAWING}blip"):
            relation = self._relations.get(blip.get(f"{REL}embed", ""))
            if relation and not relation.is_outside and relation.target in self._package:
                target = relation.target
                image = self._package.read(target)
        if (text.strip() or image) and f"{target} {text}" not in self._seen:
            self._seen.add(f"{target} {text}")
            yield Block("figure", text.strip(), place=place, image=image)

    def _place(self, shape: Any, frame: _Frame) -> Region:
        """Return the box of a shape in points; a placeholder's may stand in its model."""
        box = _box(shape)
        if box is None:
            role, index = _placeholder(shape)
            twins = [twin for model in self._models for twin in model.iter(f"{_SLIDE}sp")]
            same = [twin for twin in twins if role is not None and _is_twin(twin, role, index)]
            box = next((frame_ for twin in same if (frame_ := _box(twin))), None)
        if box is None:
            return self._whole
        x0, top = frame.map(box[0], box[1])
        x1, bottom = frame.map(box[0] + box[2], box[1] + box[3])
        xs = [min(max(x / _EMU_PER_POINT, 0.0), self._whole.x1) for x in sorted((x0, x1))]
        ys = [min(max(y / _EMU_PER_POINT, 0.0), self._whole.bottom) for y in sorted((top, bottom))]
        return Region(self._whole.page, xs[0], ys[0], xs[1], ys[1])


def _is_hidden(shape: Any) -> bool:
    """Return whether a shape is not shown."""
    properties = shape.find(f"*/{_SLIDE}cNvPr")
    return properties is not None and properties.get("hidden") in ("1", "true")


def _place_of(blocks: Sequence[Block]) -> Region:
    """Return the box around blocks of one shape or group."""
    places = [block.place for block in blocks if block.place is not None]
    return Region(
        places[0].page,
        min(place.x0 for place in places),
        min(place.top for place in places),
        max(place.x1 for place in places),
        max(place.bottom for place in places),
    )


def _number(element: Any, name: str) -> float:
    value = "" if element is None else element.get(name, "")
    return float(value) if value.lstrip("-").isdecimal() and len(value) < 15 else 0.0


def _box(shape: Any) -> tuple[float, float, float, float] | None:
    """Return x, y, width, height in EMU, None where the shape says none."""
    transform = next(shape.iterchildren(f"{_SLIDE}xfrm"), None)
    if transform is None:
        transform = next((e for c in shape for e in c.iterchildren(f"{DRAWING}xfrm")), None)
    if transform is None or transform.find(f"{DRAWING}off") is None:
        return None
    offset, extent = transform.find(f"{DRAWING}off"), transform.find(f"{DRAWING}ext")
    return _number(offset, "x"), _number(offset, "y"), _number(extent, "cx"), _number(extent, "cy")


def _inner_frame(group: Any, outer: _Frame) -> _Frame:
    """Return the frame of what is in ``group``."""
    box = _box(group)
    properties = group.find(f"{_SLIDE}grpSpPr/{DRAWING}xfrm")
    if box is None or properties is None:
        return outer
    start = outer.map(box[0], box[1])
    offset, extent = properties.find(f"{DRAWING}chOff"), properties.find(f"{DRAWING}chExt")
    width, height = _number(extent, "cx"), _number(extent, "cy")
    return _Frame(
        start=start,
        zero=(_number(offset, "x"), _number(offset, "y")),
        scale=(
            outer.scale[0] * (box[2] / width if width else 1.0),
            outer.scale[1] * (box[3] / height if height else 1.0),
        ),
    )


def _placeholder(shape: Any) -> tuple[str | None, str]:
    """Return a placeholder's type ("" for the plain one) and index; None for any other shape."""
    element = shape.find(f"*/{_SLIDE}nvPr/{_SLIDE}ph")
    return (None, "") if element is None else (element.get("type", ""), element.get("idx", ""))


def _is_twin(model: Any, role: str, index: str) -> bool:
    """Return whether a placeholder of a layout or master is the model of one on a slide."""
    model_role, model_index = _placeholder(model)
    if index and index == model_index:
        return True
    same = {"ctrTitle": "title", "": "body", "obj": "body", "subTitle": "body"}
    return model_role is not None and same.get(role, role) == same.get(model_role, model_role)


def _paragraphs(
    shape: Any, relations: Mapping[str, Relation] | None = None
) -> Iterator[tuple[str, Any]]:
    """Yield the text of each paragraph of a shape, and its properties."""
    for paragraph in shape.iter(f"{DRAWING}p"):
        if text := line_of(paragraph, relations or {}).replace("\v", "\n").strip():
            yield text, paragraph.find(f"{DRAWING}pPr")


def _shape_text(shape: Any, relations: Mapping[str, Relation] | None = None) -> str:
    return "\n".join(text for text, _ in _paragraphs(shape, relations))


def _marker(properties: Any, number: int, is_list: bool) -> tuple[str, int]:
    """Return the mark before a paragraph, and its number where it is numbered (else 0)."""
    level = int(_number(properties, "lvl"))
    indent = "  " * min(max(level, 0), 8)
    if properties is None:
        return ("- " if is_list else ""), 0
    automatic = properties.find(f"{DRAWING}buAutoNum")
    if automatic is not None:
        number = number + 1 if number else int(_number(automatic, "startAt")) or 1
        return f"{indent}{number}. ", number
    if properties.find(f"{DRAWING}buNone") is not None:
        return "", number
    has_bullet = is_list or properties.find(f"{DRAWING}buChar") is not None
    return (f"{indent}- " if has_bullet else ""), number if level else 0


def _table_rows(element: Any, relations: Mapping[str, Relation]) -> Iterator[list[Cell]]:
    """Yield the cells of each row; those that others cover are left out."""
    for row in element.iter(f"{DRAWING}tr"):
        yield [
            Cell(
                _shape_text(cell, relations),
                rows=int(_number(cell, "rowSpan")) or 1,
                columns=int(_number(cell, "gridSpan")) or 1,
            )
            for cell in row.iter(f"{DRAWING}tc")
            if cell.get("hMerge") not in ("1", "true") and cell.get("vMerge") not in ("1", "true")
        ]


def _comments(root: Any) -> Iterator[str]:
    """Yield the texts of comments, old style and new."""
    for comment in root.iter("{*}cm", "{*}reply"):
        text = comment.findtext(f"{_SLIDE}text") or ""
        bodies = comment.findall("{*}txBody")
        if text := text or "\n".join(_shape_text(body) for body in bodies):
            yield text
