"""What is drafted and waits to be committed: bounded by its bytes, and taken in groups.

A commit waits for the disk and writes a segment of terms, whatever is in it: the more chunks share
one, the less each costs. Who waits for a document should not wait for a thousand others. So a group
is as large as what can be embedded and written in half a second while somebody waits for a
document, and in some seconds while nobody does: 64 chunks beside a large model, 16,384 where
vectors cost nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ragflow_local.ingest.tasks import Parse

# Beyond which nothing more is read: texts, terms and pictures of documents on their way; and
# chunks, where a large model makes groups small, and what waits would only take memory.
_MOST_BYTES = 96 << 20
_MOST_BYTES_OF_A_GROUP = 64 << 20
_AHEAD = 4096
_FEWEST, _MOST = 64, 16_384  # chunks of a group, where there are as many
_SECONDS_AWAITED, _SECONDS = 0.5, 6.0  # that a group may take

# Of a draft besides its texts: the object, its tuples, a place or two.
_BYTES_OF_A_DRAFT = 600


def bytes_of(parse: Parse) -> int:
    """Return about what the drafts of a document take in memory."""
    texts = sum(
        len(text) if text.isascii() else 2 * len(text)
        for draft in parse.drafts
        for text in (draft.content, draft.match_text, draft.data)
    )
    pictures = sum(len(draft.image) for draft in parse.drafts)
    counted = parse.counted.size_bytes if parse.counted else 0
    vectors = 0 if parse.vectors is None else parse.vectors.nbytes
    return _BYTES_OF_A_DRAFT * len(parse.drafts) + texts + pictures + counted + vectors


@dataclass(frozen=True, slots=True)
class Group:
    """Documents to be committed at once, and what of the bound on waiting they take."""

    parses: list[Parse]
    chunks: int
    size_bytes: int


class Drafted:
    """A queue of documents that are read and cut.

    Args:
        is_awaited: Whether somebody waits for one of them.
    """

    def __init__(self, is_awaited: Callable[[], bool]) -> None:
        self._is_awaited = is_awaited
        self._changed = threading.Condition()
        self._parses: list[Parse] = []
        self._bytes = self._chunks = 0
        self._is_closed = False
        self._chunks_a_second = _FEWEST / _SECONDS_AWAITED

    def put(self, *parses: Parse) -> None:
        """Let documents wait to be committed."""
        with self._changed:
            self._bytes += sum(map(bytes_of, parses))
            self._chunks += sum(len(parse.drafts) for parse in parses)
            self._parses += parses
            self._changed.notify_all()

    def wait_for_room(self) -> None:
        """Wait until more may be read: what is committed makes room."""
        with self._changed:
            self._changed.wait_for(lambda: self.has_room() or self._is_closed)

    def has_room(self) -> bool:
        """Return whether more may be read."""
        ahead = max(_AHEAD, 2 * self._most())
        return self._bytes < _MOST_BYTES and self._chunks < ahead

    def groups(self) -> Iterator[Group]:
        """Yield what is to be committed at once, as it comes, until the queue is closed."""
        while parses := self.take():
            for group in together(parses, self._most):
                chunks = sum(len(parse.drafts) for parse in group)
                yield Group(group, chunks, sum(map(bytes_of, group)))

    def done(self, group: Group, seconds: float) -> None:
        """Make room for as much as a group was, and learn from the time that there was work on it.

        Args:
            group: One of ``groups``.
            seconds: Waiting for another group left out.
        """
        self._learn(group.chunks, seconds)
        with self._changed:
            self._bytes -= group.size_bytes
            self._chunks -= group.chunks
            self._changed.notify_all()

    def take(self) -> list[Parse]:
        """Return what is drafted by now, or once something is; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._parses or self._is_closed)
            parses, self._parses = self._parses, []
            return [] if self._is_closed else parses

    def close(self) -> None:
        """End the waiting."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _most(self) -> int:
        seconds = _SECONDS_AWAITED if self._is_awaited() else _SECONDS
        return min(max(int(self._chunks_a_second * seconds), _FEWEST), _MOST)

    def _learn(self, chunks: int, seconds: float) -> None:
        if chunks >= _FEWEST // 4:  # else what a commit costs by itself is all that is seen
            self._chunks_a_second = chunks / max(seconds, 0.001)


def together(parses: Iterable[Parse], most: Callable[[], int]) -> Iterator[list[Parse]]:
    """Yield what is committed at once: documents of one dataset, in their order.

    Args:
        parses: The documents.
        most: The most chunks of a group, asked for each; a longer document is one by itself.
    """
    group: list[Parse] = []
    chunks = size = limit = 0
    for parse in parses:
        more = bytes_of(parse)
        if group and (
            _is_alone(parse)
            or parse.document.dataset_id != group[0].document.dataset_id
            or chunks + len(parse.drafts) > limit
            or size + more > _MOST_BYTES_OF_A_GROUP
        ):
            yield group
            group = []
        if not group:
            chunks = size = 0
            limit = most()
        group.append(parse)
        chunks, size = chunks + len(parse.drafts), size + more
        if _is_alone(parse):
            yield group
            group = []
    if group:
        yield group


def _is_alone(parse: Parse) -> bool:
    # A graph may be drawn by a chat model, for minutes.
    return parse.is_suspect or parse.document.parse_method == "knowledge_graph"


def halves(parses: Sequence[Parse]) -> tuple[Sequence[Parse], Sequence[Parse]]:
    """Return both halves of a group: one of its documents is at fault."""
    middle = len(parses) // 2
    return parses[:middle], parses[middle:]
