"""PyMuPDF, without its types: they cover a part of it only."""

from typing import Any

import pymupdf

mupdf: Any = pymupdf
