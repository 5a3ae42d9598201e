"""Which kinds of files a method is for: those whose shape it knows how to cut."""

from __future__ import annotations

from collections.abc import Mapping

# Continuous text with headings or numbers.
_WRITTEN = frozenset({"docx", "epub", "html", "image", "markdown", "odt", "pdf", "rtf", "text"})
_SHEETS = frozenset({"csv", "odt", "xls", "xlsx"})

# A method that is not here is for every kind: naive, one, knowledge_graph.
KINDS: Mapping[str, frozenset[str]] = {
    "manual": _WRITTEN,
    "qa": _WRITTEN - {"image"} | _SHEETS | {"json"},
    "table": _SHEETS | {"docx", "html", "markdown", "pdf", "text"},
    "paper": _WRITTEN,
    "book": _WRITTEN,
    "laws": _WRITTEN,
    "presentation": frozenset({"odt", "pdf", "pptx"}),
    "picture": frozenset({"image"}),
    "email": frozenset({"email", "msg"}),
}
