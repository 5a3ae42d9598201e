"""``eval``: evaluates settings side by side on a file of questions, with a chart and a report."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragflow_local.cli.options import Dataset, Json, Models, Project, dataset_of, open_project
from ragflow_local.cli.output import clean, say_json, say_table, tell
from ragflow_local.evaluation.chart import Chart
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.evaluation.evaluate import Evaluated, Judged, Setting

_MOST_MISSES = 10  # questions that nothing was found for, named one by one
_LESS_IS_BETTER = "not found"  # where the documents do answer

File = Annotated[
    Path,
    typer.Argument(
        metavar="QUESTIONS.csv", exists=True, dir_okay=False, readable=True, show_default=False
    ),
]
Depth = Annotated[int, typer.Option("--limit", min=1, max=1000, help="k: how many hits count.")]
Weights = Annotated[
    list[float] | None,
    typer.Option(
        "--weight",
        min=0,
        max=1,
        show_default=False,
        help="1 ranks by meaning alone, 0 by words alone; given again, they are compared."
        " Default: 0.3",
    ),
]
Compare = Annotated[
    list[str] | None,
    typer.Option(
        "--compare",
        metavar="KEY=VALUE,…",
        show_default=False,
        help="A setting to compare, of dataset, weight, threshold, top_k, rerank, model, top_n;"
        " given again for each.",
    ),
]
Threshold = Annotated[
    float, typer.Option("--threshold", min=0, max=1, help="Passages less similar are left out.")
]
Rerank = Annotated[
    str | None,
    typer.Option("--rerank", metavar="MODEL", help="A cross-encoder.", show_default=False),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Who answers.", show_default=False)
]
Asks = Annotated[
    bool, typer.Option("--ask/--no-ask", help="Whether to have them answered, or only found.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="NAME",
        show_default=False,
        help="Also write NAME.png, a chart, and NAME.html, with every question.",
    ),
]


def eval_(
    context: typer.Context,
    file: File,
    project: Project = None,
    dataset: Dataset = None,
    limit: Depth = 10,
    weight: Weights = None,
    compare: Compare = None,
    threshold: Threshold = 0.1,
    rerank: Rerank = None,
    model: Model = None,
    models: Models = None,
    ask: Asks = True,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Measure how well questions are answered.

    Their answers are known.

    The CSV has a column question and, as far as known, answer, document (names or patterns,
    split by ;) and page (3, 3-5). A hit is right where it is of the document and page, or, where
    only an answer is given, where it has most of its words and all its numbers. A question with
    neither is one that the documents do not answer: "not found" is then right.

    recall@k: share of what was expected among the first k hits. MRR: 1 / rank of the first right
    one. nDCG@k: both in one. citation precision: share of an answer's citations that are right.
    answer's words: share of the expected answer's words in the answer.
    """
    from ragflow_local.evaluation.evaluate import Setting, evaluate
    from ragflow_local.evaluation.questions import read_questions

    if out is not None and not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    questions = read_questions(file)
    with open_project(context, project, models=models, read_only=not ask) as rag:
        base = Setting(
            dataset_of(rag, dataset or _named_in(compare)).name,
            threshold=threshold,
            rerank=rerank or "",
            model=model or "",
        )
        settings = settings_of(base, weight or (), compare or ())
        with _bar(count_of(len(questions), "question")) as progress:
            evaluations = evaluate(rag, questions, settings, limit, ask=ask, progress=progress)
    names = labels_of(settings)
    if as_json:
        say_json(
            [_entry(name, evaluation) for name, evaluation in zip(names, evaluations, strict=True)]
        )
    else:
        _say_figures(names, evaluations)
        _tell_misses(evaluations[0], limit)
    if out is not None:
        _write(out, file.name, names, evaluations)


def settings_of(base: Setting, weights: Sequence[float], compared: Sequence[str]) -> list[Setting]:
    """Return the settings to compare; the base alone where there is nothing to compare.

    Raises:
        BadParameter: One is not KEY=VALUE, or there is no such key.
    """
    settings = [replace(base, weight=weight) for weight in weights]
    kinds = {item.name: type(getattr(base, item.name)) for item in fields(base)}
    for words in compared:
        changes: dict[str, Any] = {}
        for word in words.split(","):
            key, equals, value = word.strip().partition("=")
            if not equals or key not in kinds:
                allowed = f"KEY=VALUE with one of {', '.join(kinds)}"
                raise typer.BadParameter(f"{word!r} is not {allowed}", param_hint="--compare")
            try:
                changes[key] = kinds[key](value)
            except ValueError:
                raise typer.BadParameter(
                    f"{value!r} is no number", param_hint=f"--compare {key}"
                ) from None
        settings.append(replace(base, **changes))
    return settings or [base]


def labels_of(settings: Sequence[Setting]) -> list[str]:
    """Return a short name for each setting: what it does not share with the others."""
    rows = [asdict(setting) for setting in settings]
    differing = [name for name in rows[0] if len({setting[name] for setting in rows}) > 1] or [
        "weight"
    ]
    names = [
        ", ".join(f"{name} {setting[name] or 'none'}" for name in differing) for setting in rows
    ]
    return [
        name if names.count(name) == 1 else f"{name} ({place})"
        for place, name in enumerate(names, start=1)
    ]


def _named_in(compared: Sequence[str] | None) -> str | None:
    """Return the first dataset that a comparison names."""
    for words in compared or ():
        for word in words.split(","):
            key, _, value = word.strip().partition("=")
            if key == "dataset":
                return value
    return None


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(what)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _names_of(evaluations: Sequence[Evaluated]) -> list[str]:
    return list(dict.fromkeys(name for evaluation in evaluations for name in evaluation.means))


def _say_figures(names: Sequence[str], evaluations: Sequence[Evaluated]) -> None:
    from ragflow_local.evaluation.evaluate import difference

    compares = len(evaluations) == 2
    columns = ["figure", "questions", *names, *(["difference"] if compares else [])]
    rows = []
    for name in _names_of(evaluations):
        count = max(evaluation.counts.get(name, 0) for evaluation in evaluations)
        row = [
            name,
            str(count),
            *(_shown(evaluation.means.get(name)) for evaluation in evaluations),
        ]
        if compares:
            change = difference(evaluations[0], evaluations[1], name)
            row.append(_change(name, change))
        rows.append(row)
    say_table(columns, rows)


def _shown(figure: tuple[float, float, float] | None) -> str:
    return "–" if figure is None else "{:.3f} ({:.3f}–{:.3f})".format(*figure)


def _change(name: str, change: tuple[float, float, float] | None) -> str:
    """Return a difference, and whether it is significant."""
    if change is None:
        return "–"
    mean, low, high = change
    if low == high == 0:
        return "the same"
    if low <= 0 <= high:
        verdict = "may be chance"
    else:
        verdict = "better" if (mean > 0) != (name == _LESS_IS_BETTER) else "worse"
    return f"{mean:+.3f} ({low:+.3f}–{high:+.3f}): {verdict}"


def _misses(evaluation: Evaluated) -> list[Judged]:
    return [
        judged for judged in evaluation.judged if judged.question.expected and judged.rank is None
    ]


def _tell_misses(evaluation: Evaluated, depth: int) -> None:
    misses = _misses(evaluation)
    if not misses:
        return
    tell(f"Nothing of what was expected is among the first {depth}:")
    for judged in misses[:_MOST_MISSES]:
        tell(f"  row {judged.question.row}: {judged.question.text}")
    if len(misses) > _MOST_MISSES:
        tell(f"  … and {len(misses) - _MOST_MISSES} more; --json and --out have all.")


def _entry(name: str, evaluation: Evaluated) -> dict[str, Any]:
    return {
        "name": name,
        "setting": asdict(evaluation.setting),
        "figures": {
            figure: {"mean": mean, "low": low, "high": high, "questions": evaluation.counts[figure]}
            for figure, (mean, low, high) in evaluation.means.items()
        },
        "questions": [
            {
                "row": judged.question.row,
                "question": judged.question.text,
                "rank": judged.rank,
                "answer": judged.answer,
                "cited": judged.cited,
                "figures": judged.figures,
            }
            for judged in evaluation.judged
        ],
    }


def _write(out: Path, file: str, names: Sequence[str], evaluations: Sequence[Evaluated]) -> None:
    """Write the chart as a picture, and a page with it and every question."""
    series = {name: evaluation.means for name, evaluation in zip(names, evaluations, strict=True)}
    count = count_of(len(evaluations[0].judged), "question")
    chart = Chart(f"{clean(file)}: {count}", series, _names_of(evaluations))
    picture, page = out.with_name(f"{out.name}.png"), out.with_name(f"{out.name}.html")
    picture.write_bytes(chart.png())
    page.write_text(_page(chart, names, evaluations), encoding="utf-8")
    tell(f"Wrote {picture} and {page}.")


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 72rem; margin: 2rem auto;
  padding: 0 1rem; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; margin: 1.5rem 0; }
th, td { border-bottom: 1px solid #dde3e8; padding: .35rem .7rem; text-align: left;
  vertical-align: top; }
.miss { color: #b5443c; }
@media (prefers-color-scheme: dark) { body { background: #14181c; color: #e3e8ec; } }
"""


def _page(chart: Chart, names: Sequence[str], evaluations: Sequence[Evaluated]) -> str:
    """Return a self-contained HTML page."""
    figures = [
        [name, *(_shown(evaluation.means.get(name)) for evaluation in evaluations)]
        for name in _names_of(evaluations)
    ]
    heads = ["row", "question", *(f"rank, {name}" for name in names)]
    heads += [f"answer, {name}" for name in names if any(j.answer for j in evaluations[0].judged)]
    rows = [
        _row(judged)
        for judged in zip(*(evaluation.judged for evaluation in evaluations), strict=True)
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(chart.title)}</title><style>{_STYLE}</style></head><body>\n"
        f"{chart.svg()}\n{_table(['figure', *names], figures)}\n{_table(heads, rows)}\n"
        "</body></html>\n"
    )


def _row(judged: Sequence[Judged]) -> list[str]:
    question = judged[0].question
    ranks = [
        str(item.rank or "not among the hits") if question.expected else "nothing to find"
        for item in judged
    ]
    answers = [
        f"{item.answer}\n({'; '.join(item.cited)})" if item.cited else item.answer
        for item in judged
    ]
    return [str(question.row), question.text, *ranks, *(answers if any(answers) else [])]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def cell(text: str) -> str:
        kind = ' class="miss"' if text == "not among the hits" else ""
        return f"<td{kind}>{html.escape(clean(text)).replace(chr(10), '<br>')}</td>"

    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    body = "\n".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
