"""Pictures of pages, drawn by workers: a page, a region with highlights, a slide, a thumbnail.

What it does not know: documents, chunks, and where a passage is from; it gets bytes and regions.
"""
