"""Recognises questions that stand in a text, and questions about questions."""

from __future__ import annotations

import re
from functools import lru_cache

from ragflow_local.text.sentences import is_greek_text

_CLOSERS = "\"'”’»）)]】」』》〉}*_~ \t\n\r"
_LONGEST_END = 12  # letters that tell whether a sentence asks
_ENDS = re.compile(
    r"(?:[?？؟]|(?P<greek>[;\u037e]))[?!？！؟.…]*$"
    r"|(?:です|ます|ました|でした|ません|でしょう|のか?|ない)か。?$"
    r"|(?:니까|나요|가요|까요)[.。]?$"
)
# He asked: "Who pays?" tells what was asked.
_REPORTED = re.compile(r"^[^\s\"“”„«»「『].*[\"“„«»「『].+[\"”“«»」』][.\s]*$", re.DOTALL)
# Parts of verbs that ask: a search for them is ten times as fast as one for a pattern.
_ASKS_SAID = """
    asks asked wonder nquired know frag wissen gern demand pregunt chie pergunt vraa vroeg fråga
    undra pyta спр поинт 询 詢 问 問 想知道"""
_ASKS = tuple(_ASKS_SAID.split())
_WHAT_EN = r"(?:if|whether|why|who[ms]?e?|what|which|when|where|how|about)"
# "Mr Asante asked why the lamps went off." asks as well, and says no more.
_INDIRECT = re.compile(
    r"^(?!(?:if|when|as|who|whoever|wenn|wer|als|si|se|cuando|quand|когда|если|кто|gdy|jeśli|om|när|als)\b)"
    r"(?:(?!\s(?:and|und|et|y|e|i|и|och|en)\s)[^,;]){1,50}?\s(?:"
    r"(?:(?<!was )(?<!were )(?<!are )(?<!is )(?<!been )ask(?:s|ed)|wonder(?:s|ed)"
    r"|(?:enquired|inquired)|want(?:s|ed) to know|like to know)\s+"
    rf"(?:(?:me|us|him|her|them|again)\s+)?{_WHAT_EN}\b(?=[^,]*$)"
    r"|(?:fragt(?:en?)?|(?:woll(?:t?en?)|will|möchten?)\s+(?:\w+\s+)?wissen|wüssten?\s+gern)\b"
    r"[\s\w]{0,20},\s*(?:ob|w\w+)"
    r"|fragt(?:en?)?\s+nach"
    r"|(?<!la )(?<!une )(?<!sa )(?<!ma )(?<!votre )(?<!leur )(?<!cette )(?<!toute )"
    r"demand(?:e|ent|é|ait|aient)\s+(?:si|s['’]|pourquoi|quand|où|comment|combien|quel\w*|à\s+quel)"
    r"|(?<!la )(?<!una )(?<!esta )"
    r"pregunt(?:a|ó|an|aron|aba)\s+(?:si|por|cuándo|dónde|cómo|cuánt\w+|qué|quién)"
    r"|(?:chiede|chiedono|chiesto)\s+(?:se|perché|quando|dove|come|quant\w+|che|cosa|chi|qual\w+)"
    r"|(?<!a )pergunt(?:a|ou|am|aram)\s+(?:se|por|quando|onde|como|quant\w+|que|quem)"
    r"|(?:vraagt|vroeg|vroegen)\s+(?:zich\s+af\s+)?(?:of|waar\w*|wanneer|hoe\w*|wat|wie|welke?)"
    r"|(?:fråga(?:r|de)|undra(?:r|de))\s+(?:om|varför|när|var|hur|vad|vem|vilk\w+)"
    r"|(?:pyta|pytał\w*|zapytał\w*)\b[\s\w]{0,20},?\s+(?:czy|dlaczego|kiedy|gdzie|jak\w*|ile|co|kto|o)"
    r"|(?:спросил\w*|спрашива\w+|поинтересова\w+)\b[\s\w]{0,20},?\s+"
    r"(?:\w+\s+ли|почему|когда|где|как\w*|сколько|что|кто|о)"
    r")\b[^.!?]*\.?$|^.{0,20}(?:询问|詢問|问道|問道|问起|想知道).{0,40}(?:是否|为什么|為什麼|谁|誰|何时|哪|多少|吗|嗎|怎么|怎麼)[^。]*。?$",
    re.IGNORECASE,
)
_ANSWER_MARK = re.compile(
    r"^\W{0,4}(?:a|r|o|y|answer|antwort|réponse|respuesta|risposta|resposta|antwoord|odpowiedź|ответ"
    r"|о|відповідь|svar|yanıt|cevap|απάντηση|α|답변?|答え?|回答|答复|答案|ج|جواب|الجواب)\W{0,3}[:：]",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"^\W{0,3}[aAаА][.)]\s")
# What is written before a question: its number, "Q:", "问：".
_MARK = re.compile(
    r"^\W{0,4}(?:(?:[^\W\d_]{1,2}|问题|問題|質問)?\W?\d{0,3}\W{0,2}[:：.)、](?=[\W_]*\w)\W*)?"
)
_ABOUT = re.compile(
    r"\b(?:ask(?:s|ed|ing)?|questions?|frag(?:e|en|st|t|te|ten)|gefragt|demand(?:e|er|é|ent|aient?)"
    r"|pregunt\w+|domand\w+|chie(?:sto|de|dere)|pergunt\w+|vra(?:ag|gen|agt)|vroeg(?:en)?|gevraagd"
    r"|pyta\w*|zapyta\w*|вопрос\w*|спр(?:осил|ашив)\w*|питан\w*|fråg\w+|soru\w*|sord\w+|ερωτ\w+"
    r"|ρώτησ\w+)\b|问题|問題|提问|提問|问了|問了|質問|尋ね|질문|물었|물어|سأل|أسئلة|سؤال",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)  # a unit is looked at when it is made, joined and compared
def is_question(sentence: str) -> bool:
    """Return whether a sentence is a question and states nothing.

    Args:
        sentence: As it stands in a text, with what marks it as bold or quoted.
    """
    end = _ENDS.search(sentence.rstrip(_CLOSERS)[-_LONGEST_END:])
    if end is not None:
        is_greek = end["greek"] is None or is_greek_text(sentence)
        return is_greek and _REPORTED.match(sentence) is None
    is_likely = any(part in sentence for part in _ASKS)
    return is_likely and _INDIRECT.match(sentence) is not None


def begins_answer(text: str) -> bool:
    """Return whether a text is marked as an answer: "A: Yes", "答：可以"."""
    return _ANSWER_MARK.match(text) is not None


def without_mark(question: str) -> str:
    """Return a question of a text without its number, or what says that it is one: "Q3:"."""
    return _MARK.sub("", question)


def begins_choices(text: str) -> bool:
    """Return whether a text is the first of several answers to choose from: "a) Rome"."""
    return _CHOICE.match(text) is not None


def is_about_questions(question: str) -> bool:
    """Return whether a question asks what was asked: "Which questions are open?"."""
    return _ABOUT.search(question) is not None
