"""Renders pages in workers: whole pages, regions with highlights, slides and thumbnails.

What it does not know: documents, chunks, and where a passage is from; it gets bytes and regions.
"""
