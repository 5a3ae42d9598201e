"""What a worker is asked follows from the document and its settings."""

from ragflow_local.ingest import wire
from ragflow_local.ingest.requests import cut_request, first_request, read_request
from ragflow_local.records import Block
from ragflow_local.settings import Limits, ParserSettings
from tests.ingest.made import document_row, parse_of


def test_pages_are_counted_first_where_a_format_has_pages() -> None:
    parse = parse_of(document_row(kind="pdf", name="a.pdf"))
    assert first_request(parse.source, Limits()) == wire.Plan("/a", "pdf", "a.pdf")


def test_a_file_without_pages_is_read_whole_at_once() -> None:
    request = first_request(parse_of(document_row()).source, Limits())
    assert isinstance(request, wire.Read)
    assert (request.first, request.last) == (0, 0)


def test_reading_obeys_the_settings_of_the_document_and_the_limits_of_the_engine() -> None:
    config = ParserSettings(layout_recognize=False, main_content=True)
    parse = parse_of(document_row(kind="html", name="a.html", parser_config=config))
    limits = Limits(document_rows=7, document_columns=3)
    request = read_request(parse.source, 4, 9, limits)
    assert request == wire.Read("/a", "html", "a.html", 4, 9, False, 7, 3, True)


def test_cutting_takes_the_method_of_the_document_and_the_tokens_of_its_model() -> None:
    parse = parse_of(document_row(parse_method="qa"))
    blocks = [Block("paragraph", "one")]
    request = cut_request(parse.source, blocks, ("/tokenizer.json", 254))
    assert (request.blocks, request.method) == (blocks, "qa")
    assert (request.tokenizer, request.max_tokens) == ("/tokenizer.json", 254)
    assert request.read is None


def test_a_file_without_pages_is_read_and_cut_with_one_request() -> None:
    parse = parse_of(document_row())
    reading = read_request(parse.source, 0, 0, Limits())
    assert cut_request(parse.source, [], ("", 0), reading).read == reading
