"""Recognises questions that stand in a text, and questions about questions."""

from __future__ import annotations

import re

_CLOSERS = "\"'”’»）)\\]】」』》〉}*_~"
_ENDS = re.compile(
    rf"(?:[?？؟]|(?<=[\u0370-\u03ff\u1f00-\u1fff])[;\u037e])[?!？！؟.…]*[{_CLOSERS}\s]*$"
    r"|(?:です|ます|ました|でした|ません|でしょう|のか?|ない)か[。\s]*$"
    r"|(?:니까|나요|가요|까요)[.。\s]*$"
)
# He asked: "Who pays?" tells what was asked.
_REPORTED = re.compile(r"^[^\s\"“”„«»「『].*[\"“„«»「『].+[\"”“«»」』][.\s]*$", re.DOTALL)
# "Mr Asante asked why the lamps went off." asks as well, and says no more.
_WHAT_EN = r"(?:if|whether|why|who[ms]?e?|what|which|when|where|how|about)"
_INDIRECT = re.compile(
    r"^(?!(?:if|when|as|who|whoever|wenn|wer|als|si|se|cuando|quand|когда|если|кто|gdy|jeśli|om|när|als)\b)"
    r".{1,60}?\s(?:"
    rf"(?:ask(?:s|ed)|wonder(?:s|ed)|(?:enquired|inquired)|want(?:s|ed) to know|like to know)\s+"
    rf"(?:(?:me|us|him|her|them|again)\s+)?{_WHAT_EN}\b(?=[^,]*$)"
    r"|(?:fragt(?:en?)?|(?:woll(?:t?en?)|will|möchten?)\s+(?:\w+\s+)?wissen|wüssten?\s+gern)\b"
    r"[\s\w]{0,20},\s*(?:ob|w\w+)"
    r"|fragt(?:en?)?\s+nach"
    r"|demand(?:e|ent|é|ait|aient)\s+(?:si|s['’]|pourquoi|quand|où|comment|combien|qu\w+|à\s+quel)"
    r"|pregunt(?:a|ó|an|aron|aba)\s+(?:si|por|cuándo|dónde|cómo|cuánt\w+|qué|quién)"
    r"|(?:chiede|chiedono|chiesto)\s+(?:se|perché|quando|dove|come|quant\w+|che|cosa|chi|qual\w+)"
    r"|pergunt(?:a|ou|am|aram)\s+(?:se|por|quando|onde|como|quant\w+|que|quem)"
    r"|(?:vraagt|vroeg|vragen|vroegen)\s+(?:zich\s+af\s+)?(?:of|waar\w*|wanneer|hoe\w*|wat|wie|welke?)"
    r"|(?:fråga(?:r|de)|undra(?:r|de))\s+(?:om|varför|när|var|hur|vad|vem|vilk\w+)"
    r"|(?:pyta|pytał\w*|zapytał\w*)\b[\s\w]{0,20},?\s+(?:czy|dlaczego|kiedy|gdzie|jak\w*|ile|co|kto|o)"
    r"|(?:спросил\w*|спрашива\w+|поинтересова\w+)\b[\s\w]{0,20},?\s+"
    r"(?:\w+\s+ли|почему|когда|где|как\w*|сколько|что|кто|о)"
    r")\b[^.!?]*\.?$|^.{0,20}(?:询问|問|问|想知道).{0,40}(?:是否|为什么|為什麼|谁|誰|何时|哪|多少|吗|嗎|怎么|怎麼)[^。]*。?$",
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


def is_question(sentence: str) -> bool:
    """Return whether a sentence asks something and says nothing.

    Args:
        sentence: As it stands in a text, with what marks it as bold or quoted.
    """
    if _REPORTED.match(sentence) is not None:
        return False
    return _ENDS.search(sentence) is not None or _INDIRECT.match(sentence) is not None


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
