from ragflow_local.readers.pdf.whole_document import join_pages
from ragflow_local.records import Block, Place


def test_a_line_that_counts_pages_runs_wherever_it_stands() -> None:
    foots = [
        Block("paragraph", f"Report of 2031 | {page}", place=Place(page + 2, 9, top, 80, top + 9))
        for page, top in ((1, 100.0), (2, 300.0), (3, 500.0), (4, 700.0))
    ]
    texts = [
        Block("paragraph", f"Item {page * 7}", place=Place(page, 9, 50, 80, 60)) for page in (3, 4)
    ]
    kinds = [block.kind for block in join_pages([*foots, *texts])]
    assert kinds == ["paragraph", "running", "running", "running", "paragraph", "paragraph"]
