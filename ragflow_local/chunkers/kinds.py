"""Lists the kinds of files that each chunk method supports."""

from __future__ import annotations

from collections.abc import Mapping

# Continuous text with headings or numbers.
_WRITTEN_SAID = "doc docx epub html image markdown odt pdf rtf signed text xml"
_WRITTEN = frozenset(_WRITTEN_SAID.split())
_SHEETS = frozenset({"csv", "odt", "xls", "xlsb", "xlsx", "xml"})

# A method that is not here is for every kind: naive, one, knowledge_graph.
KINDS: Mapping[str, frozenset[str]] = {
    "manual": _WRITTEN,
    "qa": _WRITTEN - {"image"} | _SHEETS | {"json"},
    "table": _SHEETS | {"doc", "docx", "html", "markdown", "pdf", "rtf", "text"},
    "paper": _WRITTEN,
    "book": _WRITTEN,
    "laws": _WRITTEN,
    "presentation": frozenset({"odt", "pdf", "ppt", "pptx"}),
    "picture": frozenset({"image"}),
    "email": frozenset({"email", "mbox", "msg", "tnef"}),
}
