"""Questions to some shards, one after the other, and what is kept between them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from ragflow_local.errors import (
    ChangedModelError,
    InvalidValueError,
    NotFoundError,
    RagflowError,
)
from ragflow_local.scale import shard_frames as frames
from ragflow_local.scale.shard_parts import Choice, ShardParts, Told
from ragflow_local.scale.shard_wires import Wire, asked_all

# Choices of datasets of which vocabularies and words of names are kept.
_MOST_KEPT = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where to look; see ``frames.Begin``."""

    datasets: tuple[str, ...] | None = None
    documents: tuple[str, ...] | None = None
    meta_fields: Mapping[str, object] = field(default_factory=dict)


class Questions:
    """The questions to some shards, one after the other.

    Args:
        wires: To the shards, in the order in which equal candidates are taken.
    """

    def __init__(self, wires: Sequence[Wire]) -> None:
        self.wires = wires
        self._choices: OrderedDict[tuple[str, ...] | None, Choice] = OrderedDict()
        self._entries = count()

    @contextmanager
    def begun(self, wanted: Wanted) -> Iterator[ShardParts]:
        """Give the shards as parts of one search; each is in one snapshot meanwhile.

        Raises:
            ShardError: A shard does not answer.
            NotFoundError: No shard has one of the datasets or documents.
            InvalidValueError: The datasets cannot be searched as one.
            ChangedModelError: Their vectors are of models of one name and different weights.
        """
        begin = frames.Begin(
            None if wanted.datasets is None else list(wanted.datasets),
            None if wanted.documents is None else list(wanted.documents),
            dict(wanted.meta_fields),
        )
        try:
            replies = asked_all(self.wires, [begin] * len(self.wires), frames.Begun)
            begun = [reply for reply in replies if reply is not None]
            _check_found(wanted, begun)
            self._check_alike(begun)
            yield ShardParts(self.wires, begun, self._choice(wanted.datasets))
        finally:
            self._end()

    def _end(self) -> None:
        """End the question in every shard; what fails now is told by the next one."""
        for wire in self.wires:
            if not wire.is_ready:
                wire.close()  # it ended, or still owes an answer that nobody waits for
        ready = [wire for wire in self.wires if wire.is_ready]
        with suppress(RagflowError):
            asked_all(ready, [frames.End()] * len(ready), frames.Done)

    def open(self) -> None:
        """Start all shards, all at once, and look whether each can be asked."""
        for wire in self.wires:
            wire.start()
        every = [frames.Begin([], None, {})] * len(self.wires)
        try:
            asked_all(self.wires, every, frames.Begun)
        finally:
            self._end()

    def described(self) -> list[tuple[str, frames.Begun]]:
        """Return what each shard says of itself, by its name."""
        every = [frames.Begin(None, None, {})] * len(self.wires)
        try:
            replies = asked_all(self.wires, every, frames.Begun)
        finally:
            self._end()
        names = [wire.name for wire in self.wires]
        return [(name, reply) for name, reply in zip(names, replies, strict=True) if reply]

    def close(self) -> None:
        """End all shards."""
        for wire in self.wires:
            wire.close()

    def _choice(self, chosen: tuple[str, ...] | None) -> Choice:
        choice = self._choices.pop(chosen, None)
        if choice is None:
            choice = Choice(next(self._entries), [Told() for _ in self.wires])
        self._choices[chosen] = choice
        while len(self._choices) > _MOST_KEPT:
            self._choices.popitem(last=False)
        for at, wire in enumerate(self.wires):
            if choice.told[at].starts != wire.starts:
                choice.told[at] = Told(wire.starts)
        return choice

    def _check_alike(self, begun: Sequence[frames.Begun]) -> None:
        """Raise unless the datasets of all shards can be searched as one."""
        every = [
            (wire.name, dataset)
            for wire, part in zip(self.wires, begun, strict=True)
            for dataset in part.datasets
        ]
        models = {
            dataset.embedding_model: f"{dataset.name} in {where} ({dataset.embedding_model})"
            for where, dataset in every
        }
        if len(models) > 1:
            named = ", ".join(models.values())
            raise InvalidValueError(
                "datasets", named, "datasets of one embedding model; search the others apart"
            )
        embedded = [dataset for _, dataset in every if dataset.dim and dataset.fingerprint]
        if len({dataset.fingerprint for dataset in embedded}) > 1:
            raise ChangedModelError(embedded[0].embedding_model, embedded[0].name)
        analyzers = {dataset.analyzer: where for where, dataset in every if dataset.analyzer}
        if len(analyzers) > 1:
            oldest = analyzers[min(analyzers)]
            raise InvalidValueError(
                "directories",
                oldest,
                "projects whose words are indexed by one version: open this one once without"
                " read_only=True, and wait until its index is renewed",
            )


def _check_found(wanted: Wanted, begun: Sequence[frames.Begun]) -> None:
    for name in wanted.datasets or ():
        if not any(name in part.named for part in begun):
            raise NotFoundError("dataset", name, by="id or name")
    for id in wanted.documents or ():
        if not any(id in part.documents for part in begun):
            raise NotFoundError("document", id)
