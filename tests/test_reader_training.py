"""Trains a reader on a language made for it: the sentence that holds one word answers."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.reader import balance, batches, rows
from benchmarks.reader import pack as packed
from benchmarks.reader.altered import altered
from benchmarks.reader.batches import Row, Sampler, stream
from benchmarks.reader.pack import Pack
from benchmarks.reader.prepare import passage_groups, use_of
from benchmarks.reader.rows import Passage, cut, name_of, read_all
from benchmarks.reader.twins import WRITTEN, edited, read_units

WORDS, TOKENS, HIDDEN = 40, 60, 48


def made_pack(written: int = 0) -> Pack:
    """Return 400 queries about passages of five sentences: that with the first word answers.

    Those about the first ``written`` of 100 passages count as written for the training.
    """
    chance = np.random.default_rng(0)
    passages, queries, mark = 100, 400, packed.SPECIAL
    sentences = [chance.permutation(WORDS - 1)[:4] + mark + 1 for _ in range(passages * 5)]
    answers = [passage * 5 + int(chance.integers(5)) for passage in range(passages)]
    for at in answers:
        sentences[at][int(chance.integers(4))] = mark
    texts, rights, of = list(sentences), [], []
    for query in range(queries):
        of.append(query % passages)
        rights.append([answers[query % passages]])
        texts.append(chance.permutation(WORDS - 1)[:1] + mark + 1)
    whole = np.array
    kinds = np.zeros(queries, np.int32)
    return Pack(
        tokens=np.concatenate(texts).astype(np.int32),
        starts=np.cumsum([0, *map(len, texts)]).astype(np.int32),
        passage=np.arange(0, passages * 5 + 1, 5, dtype=np.int32),
        heading=np.full(passages, -1, np.int32),
        query=np.arange(passages * 5, passages * 5 + queries, dtype=np.int32),
        of=whole(of, np.int32),
        kind=kinds + packed.SENTENCES,
        use=np.where(np.arange(queries) % passages < 80, packed.TRAIN, packed.CHOOSE),
        source=kinds,
        language=kinds,
        altered=kinds,
        written=np.where(np.arange(queries) % 100 < written, 1, 0).astype(np.int32),
        right=np.cumsum([0, *map(len, rights)]).astype(np.int32),
        right_at=np.concatenate(rights).astype(np.int32),
        open=np.zeros(queries + 1, np.int32),
        open_at=np.zeros(0, np.int32),
        span=np.full((queries, 3), -1, np.int32),
        negatives=np.full((queries, 10), -1, np.int32),
        vocabulary=np.arange(TOKENS, dtype=np.int32),
    )


def test_batches_are_the_same_for_the_same_seed() -> None:
    pack = made_pack()
    first, again = (next(stream(Sampler(pack), (1, 2), 1024)) for _ in range(2))
    np.testing.assert_array_equal(first.ids, again.ids)
    other = next(stream(Sampler(pack), (1, 3), 1024))
    assert first.ids.shape != other.ids.shape or (first.ids != other.ids).any()


def test_a_sentence_that_answers_is_always_among_the_candidates_unless_left_out() -> None:
    sampler, chance = Sampler(made_pack()), np.random.default_rng(1)
    for query in range(50):
        row = sampler.put(query, chance)
        assert row.right
        numbers = {row.sentences[at - 1] for at in row.right}
        pack = sampler.pack
        assert numbers <= set(pack.right_at[pack.right[query] : pack.right[query + 1]].tolist())
        left_out = sampler.put(query, chance, is_dropped=True)
        assert not left_out.right
        assert not numbers & set(left_out.sentences)


def test_written_questions_come_up_as_often_as_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_WRITTEN_ELSEWHERE", 0.0)
    pack = made_pack(written=10)
    chance = np.random.default_rng(2)
    drawn = [Sampler(pack, share).draw(chance) for share in (0.0, 1.0) for _ in range(40)]
    about = [{at // 5 for at in row.sentences} & set(range(10)) for row in drawn]
    assert not any(about[:40])
    assert all(about[40:])


def test_some_written_questions_are_put_to_other_passages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_WRITTEN_ELSEWHERE", 1.0)
    sampler, chance = Sampler(made_pack(written=10), 1.0), np.random.default_rng(2)
    assert not any(sampler.draw(chance).right for _ in range(20))


def test_each_written_question_comes_up_before_one_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sampler, chance = Sampler(made_pack(written=10), 1.0), np.random.default_rng(3)
    drawn: list[int] = []
    put = sampler.put

    def noted(query: int, *given: Any, **named: Any) -> Row:
        drawn.append(query)
        return put(query, *given, **named)

    monkeypatch.setattr(sampler, "put", noted)
    for _ in range(80):
        sampler.draw(chance)
    assert len(set(drawn)) == 40  # four of each passage
    assert sorted(drawn[:40]) == sorted(drawn[40:]) == sorted(set(drawn))


def _marked_pack(questions: int = 2000) -> tuple[Pack, np.ndarray, np.ndarray]:
    """Return a pack in which three of four unanswerable questions are long and begin with a word,

    as one of four answerable ones do; and which queries are answerable, and which are long.
    """
    chance, mark = np.random.default_rng(4), packed.SPECIAL
    answered = np.arange(questions) % 2 == 0
    is_long = chance.random(questions) < np.where(answered, 0.25, 0.75)
    texts = [chance.permutation(WORDS - 1)[:6] + mark + 1 for _ in range(questions)]
    texts += [
        np.r_[mark, chance.permutation(WORDS - 1)[:9] + mark + 1]
        if long
        else chance.permutation(WORDS - 1)[:5] + mark + 1
        for long in is_long
    ]
    numbers = np.arange(questions, dtype=np.int32)
    made = replace(
        made_pack(),
        tokens=np.concatenate(texts).astype(np.int32),
        starts=np.cumsum([0, *map(len, texts)]).astype(np.int32),
        passage=np.arange(questions + 1, dtype=np.int32),
        query=numbers + questions,
        of=numbers,
        right=np.cumsum(np.r_[0, answered]).astype(np.int32),
        right_at=numbers[answered],
    )
    return made, answered, is_long


def test_what_marks_unanswerable_questions_marks_none_among_those_that_are_drawn() -> None:
    pack, answered, is_long = _marked_pack()
    often = balance.weights(pack, np.arange(len(answered), dtype=np.int32))
    assert often[answered].sum() == pytest.approx(often[~answered].sum())
    shares = [np.average(is_long[label], weights=often[label]) for label in (answered, ~answered)]
    assert abs(shares[0] - shares[1]) < 0.1, "it was .25 against .75"


def test_questions_that_all_have_an_answer_are_drawn_alike() -> None:
    pack = made_pack(written=10)
    assert (balance.weights(pack, np.arange(400, dtype=np.int32)) == 1).all()


def test_the_chance_of_a_question_is_not_fitted_on_its_own_passage() -> None:
    pack = _marked_pack(200)[0]
    chance = np.random.default_rng(5)
    lone = replace(pack, right=np.cumsum(np.r_[0, chance.random(200) < 0.5]).astype(np.int32))
    labels = np.diff(lone.right) > 0
    told = balance.chances(lone, np.arange(200, dtype=np.int32))
    ranks = told.argsort().argsort()
    assert abs(ranks[labels].mean() - ranks[~labels].mean()) < 30, "labels by chance are not told"


TWO_MILLS = "The north mill burned down in 1902. The south mill was sold."


def _mill(folder: Path, passage: str) -> str:
    """Write one row about a passage of a mill; return the passage's name."""
    row = {
        "id": "1",
        "language": "en",
        "question": "When did it burn?",
        "passage": passage,
        "answers": [{"text": "1902", "start": passage.index("1902")}],
        "answerable": True,
        "source": "made",
    }
    (folder / "mills.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    return name_of("mills", Passage(tuple(passage[a:b] for a, b in cut(passage))))


def test_a_written_question_belongs_to_the_passage_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = _mill(tmp_path, "The mill burned down in 1902. It was built anew.")
    lines = [
        f"{name}\t2\tWas it built again?",
        f"{name}\t0\tWho burned it down?",
        "mills:00000000\t1\tWhose passage is not there?",
    ]
    (tmp_path / "written").mkdir()
    (tmp_path / "written" / "en.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(rows, "WRITTEN", tmp_path / "written")
    written = [query for query in read_all(tmp_path).queries if query.is_written]
    assert [(query.text, query.right) for query in written] == [
        ("Was it built again?", (1,)),
        ("Who burned it down?", ()),
    ]


def test_twins_come_up_as_often_as_asked_and_each_before_one_comes_again() -> None:
    pack = replace(made_pack(), written=np.arange(400, dtype=np.int32) % 100 // 60 * 2)
    sampler = Sampler(pack, twins=1.0)
    chance = np.random.default_rng(1)
    drawn = []
    sampler.put = lambda query, *_, **__: drawn.append(query)  # type: ignore[assignment]
    for _ in range(80):
        sampler.draw(chance)
    assert len(set(drawn)) == 80, "all of the 80 that are trained on"
    assert {query % 100 for query in drawn} == {*range(60, 80)}


def _twins(folder: Path, passage: str) -> None:
    unit = {
        "passage": passage,
        "edits": [["north mill burned", "south mill burned"], ["south mill was", "north mill was"]],
        "asked": [["When was the north mill lost to a fire?", 1]],
        "asked_of_edited": [["Which year saw the southern mill in flames?", 1]],
    }
    folder.mkdir()
    (folder / "twins-en-1.jsonl").write_text(json.dumps(unit) + "\n", encoding="utf-8")


def test_a_question_of_twins_is_asked_of_both_versions_and_one_of_them_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "WRITTEN", tmp_path / "written")
    _twins(tmp_path / "written", _mill(tmp_path, TWO_MILLS))
    read = read_all(tmp_path)
    twins = [query for query in read.queries if query.is_twin]
    assert len(twins) == 4
    for text in {query.text for query in twins}:
        assert sorted(query.right for query in twins if query.text == text) == [(), (0,)]
    for passage in {query.passage for query in twins}:
        assert sorted(query.right for query in twins if query.passage == passage) == [(), (0,)]
    groups = passage_groups(read)
    assert len({use_of(query, groups[query.passage]) for query in twins}) == 1


def test_no_version_of_twins_is_among_the_others_that_a_question_is_put_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "WRITTEN", tmp_path / "written")
    _twins(tmp_path / "written", _mill(tmp_path, TWO_MILLS))
    groups = passage_groups(read_all(tmp_path))
    assert len(set(groups)) == 1, "BM25 passes over what is of a question's own group"


@pytest.mark.parametrize(
    "edits",
    [
        [("mill", "lock")],
        [("the mill burned twice", "it burned")],
        [("north mill", "south mill"), ("mill burned", "mill fell")],
    ],
)
def test_an_edit_changes_what_stands_once_and_by_itself(edits: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"stand|same place"):
        edited(("The north mill burned.", "The south mill was sold."), edits)


def test_all_edits_are_made_at_once() -> None:
    found = edited(
        ("Anna taught Karl and left.", "Karl stayed."),
        [("Anna taught", "Karl taught"), ("Karl and", "Anna and"), ("Karl stayed", "Anna stayed")],
    )
    assert found == ("Karl taught Anna and left.", "Anna stayed.")


def test_every_unit_of_twins_can_be_made() -> None:
    units = [unit for _, unit in read_units(WRITTEN)]
    assert len(units) == len({(unit.passage, unit.edits) for unit in units})
    for unit in units:
        assert len(unit.asked) == len(unit.asked_of_edited) > 0
        assert all(old and old != new for old, new in unit.edits)


def test_as_many_of_the_written_questions_have_an_answer_as_have_none() -> None:
    for path in WRITTEN.rglob("*.tsv"):
        answers = []
        for line in path.read_text(encoding="utf-8").splitlines():
            name, numbers, text = line.split("\t")
            assert name.count(":") == 1 and text.strip()
            answers.append([int(number) for number in numbers.split(",")] != [0])
        assert 0.45 < np.mean(answers) < 0.55


def test_a_pack_is_read_as_it_was_written(tmp_path: Path) -> None:
    pack = made_pack()
    pack.write(tmp_path / "pack.npz")
    np.testing.assert_array_equal(Pack.read(tmp_path / "pack.npz").tokens, pack.tokens)


def test_an_altered_question_asks_for_another_year_or_name() -> None:
    import random

    text = altered(
        "When did Anna Berg move to Oslo?", "Anna Berg met Karl Lund.", "en", random.Random(3)
    )
    assert text != "When did Anna Berg move to Oslo?"
    assert text.startswith("When did ")


def test_sentences_are_cut_where_they_stand() -> None:
    text = "One stands here. Two does too.\n\nA third."
    assert [text[a:b] for a, b in cut(text)] == ["One stands here.", "Two does too.", "A third."]


def test_the_shipped_layers_are_read_as_the_weights_they_stand_for(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from benchmarks.reader.export import SHARED
    from benchmarks.reader.model import Reader
    from benchmarks.reader.shipped import write_shipped
    from benchmarks.reader.train import read_weights
    from ragflow_local.embedders.carried import HIDDEN as WIDTH
    from ragflow_local.embedders.carried import WIDE
    from ragflow_local.embedders.onnx import open_session
    from ragflow_local.embedders.reader import QUESTIONS, STATES

    shipped = Path(__file__).parents[1] / "models" / "reader"
    write_shipped(shipped, tmp_path)
    model = Reader(TOKENS, WIDTH, WIDE, 12, 64).eval()
    own = {name for name, _ in model.named_parameters()}
    with np.load(tmp_path / "weights-0.npz") as kept:
        assert {*kept.files} == {
            name for name in own if not name.startswith(("word.", "place.", "norm.", "ends."))
        }
    read_weights(model, tmp_path)
    torch.manual_seed(2)
    states = torch.nn.functional.layer_norm(torch.randn(1, 24, WIDTH), [WIDTH]) / 2
    segment = torch.tensor([[0] * 6 + [1] * 6 + [2] * 6 + [3] * 6])
    feed = {
        STATES: states.numpy(),
        "attention_mask": np.ones((1, 24), np.int64),
        "segment": segment.numpy(),
    }
    wanted = open_session(shipped / QUESTIONS).run(None, feed)[0][0, :4]
    for layer in model.layers[SHARED:]:
        states = layer(states, torch.ones(1, 1, 1, 24, dtype=torch.bool))
    model.hidden = lambda ids: states  # type: ignore[method-assign]
    with torch.no_grad():
        found = model(torch.zeros(1, 24, dtype=torch.long), segment)[0][0, :4].numpy()
    np.testing.assert_allclose(found, wanted, atol=0.5)
    assert np.corrcoef(found, wanted)[0, 1] > 0.99


@pytest.mark.parametrize("is_fast", [True, False])
def test_products_are_in_16_bits_where_the_processor_has_them(
    is_fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    from benchmarks.reader.model import in_16_bits

    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: is_fast)
    with in_16_bits("cpu"):
        product = torch.ones(2, 3) @ torch.ones(3, 2)
    assert product.dtype == (torch.bfloat16 if is_fast else torch.float32)


@pytest.mark.slow
def test_it_learns_and_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from benchmarks.reader.model import Reader
    from benchmarks.reader.train import Plan, checks, figures_of, train

    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Reader(TOKENS, HIDDEN, 96, 2, 128)
    base = {
        name: value.numpy()
        for name, value in model.state_dict().items()
        if name.startswith(("word", "place", "norm", "layers"))
    }
    base["word.weight.codes"] = np.random.default_rng(0).integers(
        0, 255, (TOKENS, HIDDEN // 2), np.uint8
    )
    base["word.weight.scales"] = np.full((TOKENS, 1), 0.1, np.float16)
    del base["word.weight"]
    np.savez(tmp_path / "base.npz", **base)
    pack = made_pack()
    half = Plan(steps=300, tokens=2048, rate=2e-3, looks=2, checked=50, average=0.9)
    trained = train(pack, tmp_path / "base.npz", tmp_path / "out", half)
    some = checks(pack, packed.CHOOSE, 80)
    assert figures_of(trained, some, "cpu")["right"] > 0.8
    assert (tmp_path / "out" / "weights-0.npz").is_file()
    # A run that was stopped half way has that many steps behind it.
    again = train(pack, tmp_path / "base.npz", tmp_path / "out", half)
    assert figures_of(again, some, "cpu")["right"] > 0.8
