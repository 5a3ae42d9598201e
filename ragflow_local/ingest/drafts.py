"""Converts drafts to chunk rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragflow_local.ingest.counted import Counted
from ragflow_local.ingest.graph import cite
from ragflow_local.records import ChunkRow, DocumentRow, Draft, Matrix
from ragflow_local.text.plurals import count_of


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document that was read and chunked, to be indexed.

    Attributes:
        document: As it was when its parse began.
        drafts: Its chunks.
        notices: What the user should know.
        is_cancelled: Asked right before the commit: nobody wants these chunks any more.
        counted: What is counted of the drafts; None: the engine counts.
        vectors: (n_drafts, dim), of another place; None: the engine embeds.
    """

    document: DocumentRow
    drafts: Sequence[Draft]
    notices: Sequence[str]
    is_cancelled: Callable[[], bool]
    counted: Counted | None = None
    vectors: Matrix | None = None

    def message(self) -> str:
        """Return the ``progress_msg`` of the finished parse."""
        count = len(self.drafts)
        if count or self.notices:
            text = f"{count_of(count, 'chunk')}." if count else "0 chunks, no text was found."
            return " ".join([f"completed: {text}", *dict.fromkeys(self.notices)])
        # What a reader leaves out it tells: where it told nothing, there was nothing.
        why = "the file is empty" if not self.document.size else "it is blank, or lines and fills"
        return f"completed: 0 chunks, no text was found: {why}."


def rows_of(
    document: DocumentRow,
    drafts: Sequence[Draft],
    created: int,
    tokens: Sequence[int],
) -> list[ChunkRow]:
    """Return the rows of a document's drafts, in their order, without numbers yet.

    Args:
        document: As it was when its parse began.
        drafts: Its chunks.
        created: The time, in milliseconds since 1970.
        tokens: Of each content, by the dataset's embedding model.
    """
    return cite(
        [
            ChunkRow(
                number=0,  # given when it is committed
                id=chunk_id(document.id, ordinal, draft.content),
                document_id=document.id,
                dataset_id=document.dataset_id,
                document_name=document.name,
                ordinal=ordinal,
                content=draft.content,
                token_count=token_count,
                generation=document.generation + 1,
                places=draft.places,
                headings=draft.headings,
                keywords=draft.keywords,
                questions=draft.questions,
                match_text=draft.match_text,
                kind=draft.kind,
                data=draft.data,
                image=bool(draft.image),
                create_time=created,
                tags=draft.tags,
                marked=draft.marked,
                available=document.released.get("status") != "0",
            )
            for ordinal, (draft, token_count) in enumerate(zip(drafts, tokens, strict=True))
        ]
    )


def chunk_id(document_id: str, ordinal: int, content: str) -> str:
    """Return a chunk's id."""
    # The same document parsed again in the same way keeps its chunks' ids.
    text = f"{document_id}\0{ordinal}\0{content}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
