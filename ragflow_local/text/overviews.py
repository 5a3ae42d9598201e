"""Tells whether a question is about documents as such, and what it calls them.

"What is this about?", "Summarise the minutes", "Which sections does the handbook have?" name no
fact: all their words ask, or name a document. A question with any other word in it is an ordinary
one. The words are data: ``overview_words.txt`` beside this file; of languages without spaces, the
phrases here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ragflow_local.text.asking import HOW, KINDS, WHERE, WHY
from ragflow_local.text.folding import fold, simplified
from ragflow_local.text.korean import without_particles
from ragflow_local.text.languages import function_words, language_of
from ragflow_local.text.yes_or_no import asks_for_yes_or_no

_MOST_LETTERS = 160  # of a question about documents as such; a longer one names what it wants
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_BETWEEN = re.compile(r"['’-]")
_ASKS_OTHERWISE = re.compile("|".join((*KINDS.values(), WHERE, WHY, HOW)), re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"\b(?:what|how) about\b", re.IGNORECASE)  # asks for a fact
# What several words say that one word says as well.
_SAME = (
    (re.compile(r"\btl\s*[;:,.]?\s*dr\b", re.IGNORECASE), "summary"),
    (re.compile(r"\bwaar\b(.{0,60})\bover\b", re.IGNORECASE), r"waarover \1"),
    (re.compile(r"\bum was geht\b", re.IGNORECASE), "worum geht"),
    (re.compile(r"\bde qu[eé] va\b", re.IGNORECASE), "de qué trata"),
    (re.compile(r"\b(?:main|key|most important) (?:points?|ideas?)\b", re.IGNORECASE), "summary"),
    (
        re.compile(
            r"\b(?:wichtigste|zentrale|wesentliche)n? (?:punkte|aussagen)n?\b", re.IGNORECASE
        ),
        "zusammenfassung",
    ),
    (re.compile(r"\bpoints (?:clés?|principaux|essentiels|importants)\b", re.IGNORECASE), "résumé"),
    (re.compile(r"\bpuntos (?:principales|claves?|importantes)\b", re.IGNORECASE), "resumen"),
    (
        re.compile(r"\bpunti (?:principali|chiave|salienti|essenziali)\b", re.IGNORECASE),
        "riassunto",
    ),
    (re.compile(r"\bpontos (?:principais|chave|importantes)\b", re.IGNORECASE), "resumo"),
    (re.compile(r"\b(?:belangrijkste|voornaamste) punten\b", re.IGNORECASE), "samenvatting"),
    (re.compile(r"\b(?:najważniejsze|główne) (?:punkty|tezy)\b", re.IGNORECASE), "streszczenie"),
    (
        re.compile(r"\b(?:основн|главн)\w+ (?:мысл|момент|пункт|тезис|иде)\w+", re.IGNORECASE),
        "пересказ",
    ),
)

# By class, of languages without spaces; Chinese in simplified characters.
_PHRASES: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "topics": r"目录|章节|哪些(?:主题|方面|部分|要点|内容)|哪几[个章]?(?:部分|章节?)"
        r"|主题|提纲|小标题|结构",
        "conclusion": r"结论|总结论",
        "about": r"(?:主要|大概|大致|大体)?(?:讲|说|写)(?:的|了|述|的都|的是|得)*(?:些|是"
        r"|点)*(?:什么|啥|哪些)"
        r"(?:内容|东西|事情?)?|关于什么|关于啥|内容|总结|概括|概述|概要|摘要|大意|归纳"
        r"|简介|主旨|介绍|梗概|综述|要点",
        "any": "文件|文档|资料|文本|材料|文章|附件|东西",
        "sort": "报告|信件|信(?!息)|邮件|会议纪要|会议记录|纪要|合同|协议|手册|说明书"
        "|指南|菜谱|食谱|论文|通知|书|小说|故事|章程|规定|制度|笔记|简报|日记",
        "weak": r"写(?:着|了)?|包含|包括|涉及|有|说|讲|提到|是",
        "here": r"这|此|本(?=文)",
        "small": r"请|帮我|给我|帮忙|能不能|可以|能|一下子?|简单|简要|简短|主要|大概|全部"
        r"|所有|整[个份篇]|上传|刚才?"
        r"|收到|我|你|您|们|这里面|这里|这|那|里面|里|中|上|都|各|[几两三四五][个份篇封章]"
        r"|[些份个篇封本部段在]|用|几句话|一句话|话|来|和|的|了|是|什么|啥"
        r"|哪些|吗|呢|吧|啊|下|对|把|地|到底|究竟|大家",
    },
    "ja": {
        "topics": r"目次|章立て|章|項目|見出し|構成|テーマ|トピック|セクション",
        "conclusion": r"結論",
        "about": r"要約|まとめ|概要|あらすじ|内容|要点|要旨|ポイント|何(?:が|について|の)"
        r"|どんな(?:内容|こと|もの)|なに(?:が|について)",
        "any": "文書|文章|書類|ファイル|ドキュメント|資料|テキスト",
        "sort": "報告書|レポート|手紙|メール|議事録|契約書|マニュアル|説明書|取扱説明書"
        "|手引き|案内|論文|記事|レシピ|本|小説|物語|規則|規約|お知らせ|日記",
        "weak": r"書(?:いて|かれて)|載って|載せて|述べ|説明|含まれ|入って|話|ある|あり|扱って",
        "here": r"これ|この|ここ|本(?=書|文)",
        "small": r"これら?|この|それ|その|ここ|全部|すべて|全て|全体|簡単|手短|短く|簡潔"
        r"|主な|大まか|ざっくり|教えて|ください|下さい"
        r"|お願い|ください|して|しますか?|いますか?|います|いる|くれ|もらえ|ます|ません"
        r"|ですか?|でしょうか?|何|なん|なに|どんな|どのような|どういう"
        r"|こと|もの|つ|二|三|ご|お|い|り|れ|[はがをにのでともへやかよねてたなっ、。]",
    },
}
_ORDER = ("conclusion", "about", "topics", "any", "sort", "weak", "small", "here")


@dataclass(frozen=True, slots=True)
class Overview:
    """What a question about documents as such asks for.

    Attributes:
        names: What it calls the document besides its kind: "lease", "August".
        sorts: The kinds of document it names: "letter", "handbook".
        has_noun: Whether it speaks of a document or a kind of one.
        is_about: Whether it asks in so many words for a summary, or what a text is about.
        is_topics: Whether it asks for sections or topics.
        is_conclusion: Whether it asks what a document ends in.
        is_here: Whether it points at what is there: "this letter", "these files".
        language: It is in.
    """

    names: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    has_noun: bool = False
    is_about: bool = False
    is_topics: bool = False
    is_conclusion: bool = False
    is_here: bool = False
    language: str = ""

    @property
    def asks(self) -> bool:
        """Whether a word of it asks for something that documents alone have."""
        return self.is_about or self.is_topics or self.is_conclusion

    @property
    def is_sure(self) -> bool:
        """Whether it says that it asks about a document, and does not only point at one."""
        return self.asks or self.has_noun


@dataclass(frozen=True, slots=True)
class _Words:
    """Words of a class: whole ones, and beginnings."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    def has(self, word: str) -> bool:
        return word in self.whole or (bool(self.beginnings) and word.startswith(self.beginnings))


def overview_of(question: str, *, is_named: bool = False) -> Overview | None:
    """Return what a question about documents as such asks for; None of an ordinary question.

    What it calls the document has yet to be looked up: where there is none of that name, it is an
    ordinary question all the same.

    Args:
        question: As it was asked, without the names of files.
        is_named: Whether it had the name of a file.
    """
    text = " ".join(question.split())
    if len(text) > _MOST_LETTERS or _WHAT_ABOUT.search(text):
        return None
    for pattern, same in _SAME:
        text = pattern.sub(same, text)
    language = language_of(text)
    found = _of_phrases(text, language) if language in _PHRASES else _of_words(text, language)
    if found is None or found.asks:
        return found
    if _ASKS_OTHERWISE.search(text) or asks_for_yes_or_no(text, language):
        return None
    return found if found.has_noun or found.is_here or is_named else None


def names_in(text: str, language: str) -> list[str]:
    """Return the words of a question that neither ask nor speak of documents, as they stand.

    Args:
        text: The question, of a language with spaces.
        language: It is in.
    """
    if language not in _classes():
        return text.split()
    small, kinds = function_words(language), ("about", "any", "weak", "small")

    def tells(match: re.Match[str], kinds: tuple[str, ...]) -> bool:
        classes = [_classes()[language][kind] for kind in kinds]
        return not all(
            word in small or any(one.has(word) for one in classes)
            for word in _words_of(match[0], language)
        )

    words = [match for match in _WORD.finditer(text) if tells(match, kinds)]
    # "The recipe for soup" is of soup; where there is nothing else, a recipe is asked for.
    more = [match for match in words if tells(match, ("sort",))]
    return [match[0] for match in more or words]


def _of_words(text: str, language: str) -> Overview | None:
    """Return what the words say, in the language in which most of them are known.

    Of a few words nobody can be sure which language they are in.
    """
    script = _is_latin(text)
    known = _classes()
    fitting = [one for one in known if _is_latin(next(iter(known[one]["here"].whole))) == script]
    readings = [_read(text, one) for one in sorted(fitting, key=lambda one: one != language)]
    return min(readings, key=lambda found: len(found.names), default=None)


def _read(text: str, language: str) -> Overview:
    classes, small = _classes()[language], function_words(language)
    words = _words_of(text, language)
    found: dict[str, list[str]] = {}
    for word in words:
        kind = next((kind for kind in _ORDER if classes[kind].has(word)), "")
        found.setdefault(kind or ("small" if word in small else "names"), []).append(word)
    names, about = found.get("names", []), found.get("about", [])
    if about == ["about"] and names:  # what is asked for comes after it: "the rules about smoking"
        about = [] if words.index("about") < words.index(names[-1]) else about
    return Overview(
        tuple(names),
        tuple(found.get("sort", ())),
        bool(found.keys() & {"any", "sort"}),
        bool(about),
        "topics" in found,
        "conclusion" in found,
        any(map(classes["here"].has, words)),
        language,
    )


def _words_of(text: str, language: str) -> list[str]:
    """Return the words of a text, folded, without what is written at them: "l'", "'s"."""
    words: list[str] = []
    for match in _WORD.finditer(without_particles(text) if language == "ko" else text):
        parts = _BETWEEN.split(match[0])
        long = [part for part in parts if len(part) > 1 or len(parts) == 1]
        words += map(fold, long)
    return words


def _of_phrases(text: str, language: str) -> Overview:
    rest = simplified(text) if language == "zh" else text
    phrases = _phrases()[language]
    is_here = phrases["here"].search(rest) is not None
    found: dict[str, list[str]] = {}
    for kind in ("conclusion", "topics", "about", "any", "sort", "weak", "small"):
        found[kind] = [match[0] for match in phrases[kind].finditer(rest)]
        rest = phrases[kind].sub(" ", rest)
    return Overview(
        tuple(fold(match[0]) for match in _WORD.finditer(rest)),
        tuple(found["sort"]),
        bool(found["any"] or found["sort"]),
        bool(found["about"]),
        bool(found["topics"]),
        bool(found["conclusion"]),
        is_here,
        language,
    )


def _is_latin(text: str) -> bool:
    return re.search("[a-zA-Z]", text) is not None


@cache
def _phrases() -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    return {
        language: {kind: re.compile(pattern) for kind, pattern in phrases.items()}
        for language, phrases in _PHRASES.items()
    }


@cache
def _classes() -> Mapping[str, Mapping[str, _Words]]:
    """Return the words by language and class."""
    words: dict[str, dict[str, list[str]]] = {}
    file = resources.files("ragflow_local.text").joinpath("overview_words.txt")
    for line in file.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            language, kind, *more = line.split()
            words.setdefault(language, {}).setdefault(kind, []).extend(map(fold, more))
    return {
        language: {
            kind: _Words(
                frozenset(word for word in some if not word.endswith("*")),
                tuple(word[:-1] for word in some if word.endswith("*")),
            )
            for kind, some in kinds.items()
        }
        for language, kinds in words.items()
    }
