"""``doctor``: checks a project for damage, and repairs it."""

from __future__ import annotations

from typing import Annotated

import typer

from ragflow_local.cli.options import DEFAULT_PROJECT, FAILED, Json, Project
from ragflow_local.cli.output import say, say_json, tell
from ragflow_local.text.plurals import count_of

Repair = Annotated[
    bool, typer.Option("--repair", help="Put right what can be put right without a loss.")
]


def doctor(
    context: typer.Context, project: Project = None, repair: Repair = False, as_json: Json = False
) -> None:
    """Check a project for damage.

    Exit status 1 when something is. Nothing is changed without --repair.
    """
    from ragflow_local import doctor as room

    directory = project or context.obj or DEFAULT_PROJECT
    repairs = room.repair(directory) if repair else []
    report = room.examine(directory)
    if as_json:
        say_json({**report.to_dict(), "repaired": repairs})
    else:
        for sentence in repairs:
            say(f"Repaired: {sentence}")
        for problem in report.problems:
            say(f"{problem.part}: {problem.what}")
        for note in report.notes:
            tell(note)
        counted = ", ".join(
            count_of(number, name.removesuffix("s")) for name, number in report.counts.items()
        )
        state = " (in use, or not closed)" if report.is_open else ""
        tell(f"{'Healthy' if report.is_healthy else 'Not healthy'}{state}: {counted or 'nothing'}.")
        if any(problem.is_mendable for problem in report.problems):
            tell("ragflow-local doctor --repair puts some of it right.")
    if not report.is_healthy:
        raise typer.Exit(FAILED)
