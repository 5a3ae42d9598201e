"""The results of the MCP server's tools, as an assistant gets them."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Passage(BaseModel):
    """A passage of a document."""

    document: str
    dataset: str
    pages: list[int] = Field(description="From 1; empty where the format has no pages.")
    headings: list[str]
    text: str
    similarity: float | None = Field(description="In [0, 1], larger is better.")
    chunk_id: str


class Passages(BaseModel):
    """The hits of a search, the best first."""

    passages: list[Passage]


class CitedAnswer(BaseModel):
    """An answer with its sources."""

    answer: str = Field(description="[ID:i] after a sentence cites sources[i].")
    sources: list[Passage]
    unsupported: list[str] = Field(description="Sentences that no source supports.")
    model: str


class Page(BaseModel):
    """A page of a document."""

    document: str
    dataset: str
    page: int
    pages: int = Field(description="How many there are.")
    has_pages: bool = Field(description="False: the format has none, and these are equal parts.")
    text: str


class Dataset(BaseModel):
    """A dataset: named documents."""

    name: str
    description: str
    documents: int
    chunks: int


class Datasets(BaseModel):
    """The project's datasets."""

    datasets: list[Dataset]


class DocumentEntry(BaseModel):
    """A document of a dataset."""

    name: str
    dataset: str
    kind: str
    chunks: int
    parsed: str = Field(description="DONE where it can be found; else UNSTART, RUNNING, FAIL.")


class Documents(BaseModel):
    """Documents, in the order they were added."""

    documents: list[DocumentEntry]
    total: int
