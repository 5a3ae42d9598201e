"""``sync`` and ``watch``: mirror a folder into a dataset, once or continuously."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ragflow_local.cli.options import (
    FAILED,
    Dataset,
    EmbeddingModel,
    Exclude,
    Include,
    Json,
    Method,
    Project,
    dataset_of,
    dataset_or_new,
    open_project,
)
from ragflow_local.cli.output import for_a_terminal, say_json, tell
from ragflow_local.cli.parse import summary_of
from ragflow_local.cli.progress import follow, looking
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.ragflow import RAGFlow
    from ragflow_local.api.sync import Synced

_Marks: TypeAlias = Mapping[str, object]  # a file's path to its size and times

_MOST_NAMES = 20  # files that are named one by one on a terminal or in a log
_SETTLE_SECONDS = 1.0  # a folder nobody has written in for so long is not in the middle of a copy

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, show_default=False)
]
Empty = Annotated[
    bool,
    typer.Option(
        "--allow-empty", help="Remove all documents where the folder has no file any more."
    ),
]
Retry = Annotated[bool, typer.Option("--retry", help="Parse again what failed and is unchanged.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Parse = Annotated[
    bool, typer.Option("--parse/--no-parse", help="Whether to make files searchable now.")
]
Links = Annotated[
    bool,
    typer.Option("--follow-links", help="Take files that links out of the folder lead to."),
]
Interval = Annotated[
    float, typer.Option("--interval", min=0.1, max=86_400, help="Seconds between two looks.")
]


@dataclass(frozen=True, slots=True)
class _Wish:
    """The options of ``sync`` and ``watch``."""

    folder: Path
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    parse: bool = True
    retry: bool = False
    allow_empty: bool = False
    dry_run: bool = False
    follow_links: bool = False


def sync(
    context: typer.Context,
    folder: Folder,
    project: Project = None,
    dataset: Dataset = None,
    include: Include = None,
    exclude: Exclude = None,
    method: Method = None,
    embedding_model: EmbeddingModel = None,
    parse: Parse = True,
    retry: Retry = False,
    allow_empty: Empty = False,
    dry_run: Dry = False,
    follow_links: Links = False,
    as_json: Json = False,
) -> None:
    """Make a dataset mirror a folder.

    New, changed, renamed and deleted files are seen. A document is named by its file's path.
    Files are compared by size and times, and by content where these differ; what has not changed
    is not parsed again. Documents that were added otherwise stay. --method and --embedding-model
    are for a dataset that is new.
    """
    wish = _Wish(
        folder,
        tuple(include or ()),
        tuple(exclude or ()),
        parse,
        retry,
        allow_empty,
        dry_run,
        follow_links,
    )
    with open_project(context, project, new=not dry_run) as rag:
        home = dataset_of(rag, dataset) if dry_run else _home(rag, dataset, method, embedding_model)
        result = _run(home, wish)
        if as_json:
            say_json(_entry(home, result))
        failed = result.skipped or any(item.run in {"FAIL", "CANCEL"} for item in result.parsing)
    if failed:
        raise typer.Exit(FAILED)


def watch(
    context: typer.Context,
    folder: Folder,
    project: Project = None,
    dataset: Dataset = None,
    include: Include = None,
    exclude: Exclude = None,
    interval: Interval = 2.0,
    follow_links: Links = False,
) -> None:
    """Mirror a folder at every change, until Ctrl-C.

    Each time it does what sync does. The project is open only while something is done, so that
    others can ask meanwhile.
    """
    from ragflow_local.errors import ProjectLockedError, RagflowError

    wish = _Wish(folder, tuple(include or ()), tuple(exclude or ()), follow_links=follow_links)
    tell(f"Watching {folder}; Ctrl-C ends it.")
    done_with: _Marks = {}  # the folder as it was when it was last mirrored
    is_first, last_shown = True, ""
    while True:
        try:
            marks = _marks_of(wish)
            if is_first or marks != done_with:
                marks = _settled(wish, marks, min(interval, _SETTLE_SECONDS))
                with open_project(context, project, new=True) as rag:
                    _run(_home(rag, dataset, None, None), wish)
                done_with, is_first, last_shown = marks, False, ""
        except (RagflowError, OSError) as error:
            if last_shown != str(error):  # once, not at every look
                last_shown = str(error)
                tell(f"Waiting: {last_shown}", is_bad=True)
            if not isinstance(error, ProjectLockedError | OSError):
                done_with, is_first = marks, False  # nothing to try again before a change
        time.sleep(interval)


def _settled(wish: _Wish, marks: _Marks, seconds: float) -> _Marks:
    """Return the state of a folder once nothing has changed in it for a while."""
    while True:
        time.sleep(seconds)
        before, marks = marks, _marks_of(wish)
        if marks == before:
            return marks


def _marks_of(wish: _Wish) -> _Marks:
    from ragflow_local.api.sync import files_in

    snapshot = files_in(wish.folder, wish.include, wish.exclude, follow_links=wish.follow_links)
    return snapshot.files


def _home(
    rag: RAGFlow, name: str | None, method: str | None, embedding_model: str | None
) -> DataSet:
    """Return the dataset named, or the only one; make it, as wished, where it is not there."""
    home = dataset_or_new(rag, name)
    wished = {"parse_method": method, "embedding_model": embedding_model}
    changes = {
        key: value
        for key, value in wished.items()
        if value is not None and value != getattr(home, key)
    }
    if changes:
        home.update(changes)
    return home


def _run(home: DataSet, wish: _Wish) -> Synced:
    """Mirror once, report what was done, and wait for the parses."""
    try:
        with looking("Looking at") as show:
            show(str(wish.folder))
            result = home.sync(
                wish.folder,
                include=wish.include,
                exclude=wish.exclude,
                parse=wish.parse,
                retry=wish.retry,
                allow_empty=wish.allow_empty,
                dry_run=wish.dry_run,
                follow_links=wish.follow_links,
                progress=show,
            )
    except KeyboardInterrupt:
        tell("Stopped; the next run goes on from there.")
        raise
    for line in lines_of(result):
        tell(line)
    for path, reason in result.skipped.items():
        tell(f"✗ {path}: {for_a_terminal(reason)}", is_bad=True)
    if result.failed:
        tell(f"{count_of(len(result.failed), 'file')} failed before: --retry parses them again.")
    if result.parsing:
        follow(result.parsing)
    return result


def lines_of(synced: Synced) -> list[str]:
    """Return a summary of what was done: each file if there are few, then the counts."""
    lines = [f"+ {path}" for path in synced.added]
    lines += [f"~ {path}" for path in synced.changed]
    lines += [f"> {old} → {new}" for new, old in synced.renamed.items()]
    lines += [f"- {path}" for path in synced.removed]
    if len(lines) > _MOST_NAMES:
        lines = [*lines[:_MOST_NAMES], f"… and {count_of(len(lines) - _MOST_NAMES, 'file')} more"]
    counted = (
        (len(synced.added), "new"),
        (len(synced.changed), "changed"),
        (len(synced.renamed), "renamed"),
        (len(synced.removed), "removed"),
    )
    parts = [f"{number:,} {what}" for number, what in counted if number]
    if not parts:
        return [f"Nothing has changed in {count_of(synced.unchanged, 'file')}."]
    rest = f"; {count_of(synced.unchanged, 'file')} as before" if synced.unchanged else ""
    return [*lines, f"{', '.join(parts)}{rest}."]


def _entry(home: DataSet, synced: Synced) -> dict[str, Any]:
    return {
        "dataset": home.name,
        "folder": str(synced.folder),
        "added": synced.added,
        "changed": synced.changed,
        "renamed": synced.renamed,
        "removed": synced.removed,
        "unchanged": synced.unchanged,
        "failed": synced.failed,
        "skipped": synced.skipped,
        "parsed": [summary_of(document) for document in synced.parsing],
    }
