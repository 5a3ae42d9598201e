"""Documents and parses for tests of the modules of the queue, without an engine."""

from pathlib import Path
from typing import Any

from ragflow_local.ingest.tasks import Parse
from ragflow_local.records import DocumentRow
from ragflow_local.settings import ParserSettings


def document_row(id: str = "a", name: str = "a.txt", **others: Any) -> DocumentRow:
    values: dict[str, Any] = {"id": id, "dataset_id": "d", "name": name, "type": "doc"}
    values |= {"kind": "text", "size": 9, "sha256": "0" * 64, "source_type": "local"}
    values |= {"created_by": "t", "parse_method": "naive", "parser_config": ParserSettings()}
    values |= {"meta_fields": {}, "run": "UNSTART", "progress": 0.0, "progress_msg": ""}
    values |= {"generation": 0, "chunk_count": 0, "token_count": 0, "process_begin_at": None}
    values |= {"process_duration": 0.0, "create_time": 1, "update_time": 1}
    return DocumentRow(**{**values, **others})


def parse_of(document: DocumentRow, path: Path | str = "/a", order: int = 0) -> Parse:
    return Parse(document, order, document.parser_config, str(path))
