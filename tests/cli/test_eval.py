"""``eval``, ``bench`` and ``completion``: figures, a chart, and a shell that completes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ragflow_local.cli.eval import labels_of, settings_of
from ragflow_local.evaluation.chart import Chart
from ragflow_local.evaluation.evaluate import Setting
from tests.cli.conftest import Shell
from tests.cli.terminal import environment

QUESTIONS = """question,document,answer
When is the boiler inspected?,house.md,every second March
Where is the pump bled?,,at the valve beside the tank
What is the capital of Mars?,,
"""


def test_figures_are_shown_with_what_was_not_found(filled: Shell) -> None:
    Path("q.csv").write_text(QUESTIONS)
    ended = filled("eval", "q.csv")
    assert ended.status == 0, ended.err
    rows = dict(line.split("\t", 1) for line in ended.out.splitlines())
    assert rows["recall@1"] == "2\t1.000 (1.000–1.000)"
    assert rows["citation precision"].startswith("2\t1.000")
    assert rows["not found, rightly"].startswith("1\t")


def test_two_settings_stand_side_by_side_with_a_chart_and_a_page(filled: Shell) -> None:
    Path("q.csv").write_text(QUESTIONS)
    words = ("--weight", "0.3", "--compare", "weight=0.3,threshold=1", "--out", "both")
    ended = filled("eval", "q.csv", *words)
    assert ended.status == 0, ended.err
    head, first, *_ = ended.out.splitlines()
    assert head.split("\t") == [
        "figure",
        "questions",
        "threshold 0.1",
        "threshold 1.0",
        "difference",
    ]
    assert first.endswith("-1.000 (-1.000–-1.000): worse")
    assert Path("both.png").read_bytes().startswith(b"\x89PNG")
    page = Path("both.html").read_text()
    assert "Where is the pump bled?" in page
    assert "not among the hits" in page
    assert "http://" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "<script" not in page


def test_what_no_hit_had_is_named(filled: Shell) -> None:
    Path("q.csv").write_text(QUESTIONS)
    ended = filled("eval", "q.csv", "--threshold", "1", "--no-ask")
    assert "Nothing of what was expected is among the first 10:" in ended.err
    assert "row 2: When is the boiler inspected?" in ended.err


def test_json_has_every_question(filled: Shell) -> None:
    Path("q.csv").write_text(QUESTIONS)
    (found,) = json.loads(filled("eval", "q.csv", "--json", "--no-ask").out)
    assert found["figures"]["MRR"]["mean"] == 1
    assert [one["rank"] for one in found["questions"]] == [1, 1, None]


@pytest.mark.parametrize(
    ("text", "words", "status", "said"),
    [
        pytest.param("frage\nWann?\n", [], 1, "a first row with question", id="columns"),
        pytest.param("question,document\nq,no.pdf\n", [], 1, "house.md", id="document"),
        pytest.param(QUESTIONS, ["--compare", "wight=1"], 2, "KEY=VALUE", id="key"),
        pytest.param(QUESTIONS, ["--compare", "weight=x"], 2, "no number", id="value"),
        pytest.param(QUESTIONS, ["--compare", "weight=3"], 1, "weight=3.0", id="range"),
        pytest.param(QUESTIONS, ["--weight", "3"], 2, "--weight", id="weight"),
    ],
)
def test_what_cannot_be_measured_is_told(
    filled: Shell, text: str, words: list[str], status: int, said: str
) -> None:
    Path("q.csv").write_text(text)
    ended = filled("eval", "q.csv", *words)
    assert (ended.status, ended.out) == (status, "")
    assert said in ended.err


def test_settings_are_named_by_what_they_do_not_share() -> None:
    base = Setting("sea")
    assert labels_of([base]) == ["weight 0.3"]
    made = settings_of(base, [0.1], ["weight=0.1,top_n=4", "dataset=b,model=x"])
    assert labels_of(made) == [
        "dataset sea, weight 0.1, model none, top_n 8",
        "dataset sea, weight 0.1, model none, top_n 4",
        "dataset b, weight 0.3, model x, top_n 8",
    ]
    assert labels_of([base, base]) == ["weight 0.3 (1)", "weight 0.3 (2)"]


def test_a_bar_is_as_high_as_its_figure_and_stands_inside_the_picture() -> None:
    series = {"a": {"MRR": (0.5, 0.25, 0.75)}, "<b>": {"MRR": (1.0, 1.0, 1.0)}}
    chart = Chart("Title & more", series, ["MRR"])
    drawn = ElementTree.fromstring(chart.svg())
    space = "{http://www.w3.org/2000/svg}"
    bars = [box for box in drawn.iter(f"{space}rect") if box.get("fill") not in (None, "#ffffff")]
    heights = sorted(float(bar.get("height") or 0) for bar in bars)
    assert heights[-1] == 2 * heights[-2] == 240
    for bar in bars:
        assert 0 <= float(bar.get("x") or -1) <= chart.width - float(bar.get("width") or 0)
    texts = {text.text for text in drawn.iter(f"{space}text")}
    assert {"<b>", "MRR", "0.50", "Title & more"} <= texts
    from PIL import Image

    (Path.cwd() / "chart.png").write_bytes(chart.png())
    with Image.open("chart.png") as picture:
        assert picture.size == (round(2 * chart.width), round(2 * chart.height))
        colours = {colour for _, colour in picture.getcolors(1 << 20) or ()}
    assert {(31, 111, 139), (217, 130, 43)} <= colours  # both bars are there


def test_bench_measures_on_a_temporary_project(shell: Shell) -> None:
    Path("a.md").write_text("The lamp is lit at dusk.")
    words = ("a.md", "--embedding-model", "hashing", "--workers", "1", "--json")
    ended = shell("bench", *words)
    assert ended.status == 0, ended.err
    figures = json.loads(ended.out)
    assert figures["chunks"] == 1
    for name in ("bytes/s", "texts/s", "search, median ms"):
        assert figures[name] > 0
    assert list(Path.cwd().iterdir()) == [Path.cwd() / "a.md"]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_script_is_written_for_each_shell(shell: Shell, name: str) -> None:
    ended = shell("completion", name)
    assert ended.status == 0
    assert f"complete_{name}" in ended.out
    if program := shutil.which(name):
        syntax = subprocess.run([program, "-n"], input=ended.out, text=True, check=False)
        assert syntax.returncode == 0


@pytest.mark.slow  # six processes
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_options_datasets_and_documents(filled: Shell) -> None:
    program = Path.cwd() / "bin" / "ragflow-local"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nfrom ragflow_local.cli import main\nmain()\n", encoding="utf-8"
    )
    program.chmod(0o755)
    asked = (
        'eval "$(ragflow-local completion bash)"\n'
        'try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=();'
        ' _ragflow_local_completion "$1" "" ""; echo "${COMPREPLY[*]}"; }\n'
        "try ragflow-local sy\n"
        "try ragflow-local search x --thr\n"
        "try ragflow-local search x --dataset d\n"
        "try ragflow-local documents show h\n"
        "try ragflow-local parse --method pi\n"
        "try ragflow-local documents show h --project nowhere --dataset d\n"
    )
    path = f"{program.parent}:{environment()['PATH']}"
    ended = subprocess.run(
        ["bash", "--norc", "-c", asked],
        env={**environment(), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [
        "sync",
        "--threshold",
        "documents",
        "house.md",
        "picture",
        "",
    ]
