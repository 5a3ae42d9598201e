"""Errors of models that are missing, damaged or cannot answer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ragflow_local.errors.base import RagflowError, seconds_of


class ModelError(RagflowError):
    """A model cannot do its work."""


class MissingModelError(ModelError):
    """The weights or the library of a model are not there."""

    def __init__(self, name: str, looked_in: Iterable[Path], remedy: str) -> None:
        self.name = name
        self.remedy = remedy
        places = ", ".join(str(path) for path in looked_in)
        super().__init__(f"There is no model {name!r} in {places}. {remedy}")


class DamagedModelError(ModelError):
    """A model's files are there, but cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"The model {name!r} cannot be used: {problem}. Copy its files again.")


class ChangedModelError(ModelError):
    """A dataset's embedding model is no longer the one its chunks were embedded with."""

    def __init__(self, name: str, dataset: str) -> None:
        self.name = name
        super().__init__(
            f"The embedding model {name!r} is not the one the chunks of dataset {dataset!r} were"
            " embedded with. Put the former files back, or delete the chunks and parse again."
        )


class ModelTooLargeError(ModelError):
    """A model needs more memory than the machine has."""

    def __init__(self, name: str, needed_bytes: int, available_bytes: int) -> None:
        self.name = name
        self.needed_bytes = needed_bytes
        self.available_bytes = available_bytes
        super().__init__(
            f"The model {name!r} needs {needed_bytes / 1e9:.1f} GB of memory,"
            f" {available_bytes / 1e9:.1f} GB are available. Choose a smaller model, or the same"
            " one in a smaller quantisation."
        )


class ModelClosedError(ModelError):
    """A chat model was closed while it answered."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"The model {name!r} was closed before its answer was complete. Ask again."
        )


class AnswerTimeoutError(ModelError):
    """The time for an answer ended before its first word."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        super().__init__(
            f"The model {name!r} said nothing within {seconds_of(seconds)}. Give the chat a smaller"
            " model, or fewer chunks to read: a smaller top_n."
        )


class ModelServerError(ModelError):
    """A server that runs a model is not there, not allowed, or does not answer as it should."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        self.name = name
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"The model {name!r} cannot answer: {problem}. {remedy}")


class CutOffAnswerError(ModelError):
    """An answer that had to fit a schema ended before it was whole."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"The answer of {name!r} ended before its JSON was complete. Give the chat a larger"
            " max_token, or ask for less: shorter texts (maxLength), fewer properties."
        )


class NoAnswerLeftError(ModelError):
    """A test scripted fewer answers than its chats were asked for."""

    def __init__(self, asked: int) -> None:
        self.asked = asked
        super().__init__(
            f"The test asks for answer {asked} and scripted fewer. Give ragflow.answers(…) one for"
            " each question."
        )


class ContextTooSmallError(ModelError):
    """The question alone does not fit the model's context window."""

    def __init__(self, needed_tokens: int, context_tokens: int) -> None:
        super().__init__(
            f"The question needs {needed_tokens} tokens, the model reads {context_tokens}."
            " Ask in fewer words, or give the chat a model with a larger context."
        )
