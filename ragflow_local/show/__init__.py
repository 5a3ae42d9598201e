"""Shows rows and hits: reports, notebook outputs and page pictures.

What it does not know: the API's objects and an open project; it gets rows, hits, and where pages
come from. To show another thing, write what a notebook shows of it in ``notebook.py``.
"""
