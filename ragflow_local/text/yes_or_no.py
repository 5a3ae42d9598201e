"""Tells questions for yes or no from those for a name, a time, a number or a sentence."""

from __future__ import annotations

import re

from ragflow_local.text.folding import fold
from ragflow_local.text.languages import question_words

# What a clause begins with that asks for yes or no.
_FIRST = {
    "en": r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may"
    r"|might|must|isn'?t|aren'?t|wasn'?t|weren'?t|don'?t|doesn'?t|didn'?t|hasn'?t|haven'?t"
    r"|can'?t|couldn'?t|won'?t|wouldn'?t|shouldn'?t)",
    "de": r"(?:ist|sind|war|waren|hat|haben|hatten?|wird|werden|wurden?|kann|können|konnten?|darf"
    r"|dürfen|durften?|muss|müssen|mussten?|soll|sollen|sollten?|gibt es|gab es|gilt|gelten)",
    "fr": r"(?:est-ce qu[e'’]|y a-t-il|y avait-il|(?:\w+-)?\w+-(?:t-)?(?:il|elle|on|ils|elles|ce)\b"
    r"|peut-on|faut-il)",
    "es": r"(?:es|son|era|eran|fue|fueron|está|están|ha|han|había|hay|hubo|puede|pueden|debe|deben"
    r"|tiene|tienen|existe|existen|se (?:puede|pueden|debe|permite))",
    "it": r"(?:è|sono|era|erano|fu|furono|ha|hanno|può|possono|deve|devono|c'è|ci sono|esiste"
    r"|si può)",
    "pt": r"(?:é|são|era|eram|foi|foram|está|estão|há|houve|tem|têm|pode|podem|deve|devem|existe)",
    "nl": r"(?:is|zijn|was|waren|heeft|hebben|had|hadden|kan|kunnen|mag|mogen|moet|moeten|wordt"
    r"|worden|werd|werden|zal|zullen|bestaat)",
    "sv": r"(?:är|har|hade|kan|kunde|får|fick|ska|skulle|måste|blir|blev|finns)",
    "da": r"(?:er|var|har|havde|kan|kunne|må|skal|skulle|bliver|blev|findes)",
    "no": r"(?:er|var|har|hadde|kan|kunne|må|skal|skulle|blir|ble|finnes)",
    "pl": "czy",
    "ru": r"(?:есть ли|можно|нужно|надо|разве|правда|верно|является|являются|может|могут)",
    "uk": r"(?:чи|хіба)",
    "ar": r"(?:هل|ألم|أليس|أليست)",
    "fa": "آیا",
    "he": "האם",
    "ur": "کیا",
    "hi": "क्या",
}
# What says so wherever it stands; where there are no spaces, without a question word beside it.
_ANYWHERE = {
    "ru": r"\bли\b",
    "bg": r"\bли\b",
    "tr": r"\bm[ıiuü](?:dır|dir|dur|dür|ydı|ydi)?\b",
    "fi": r"^\w+k[oö]\b",
    "zh": r"[吗嗎][？?]?\s*$|是否|是不是|有没有|有沒有|能不能|会不会|會不會|可不可以|可否|能否"
    r"|对不对|對不對",
    "ja": r"か[？?。]?\s*$",
    "ko": r"(?:까|나요|가요|니)\s*[?？]?\s*$",
    "th": r"(?:ไหม|หรือไม่|หรือเปล่า)\s*[?？]?\s*$",
    "vi": r"\bkhông\s*[?？]?\s*$",
}
_ASKED = re.compile(r"[?？؟;]\s*$")
# "Can you tell me who …": what is asked for comes after it.
_ADDRESSES = re.compile(
    r"^\W*\w+[\s-]+(?:you|anyone|anybody|someone|i|we|sie|du|ihr|ich|wir|man|vous|tu|usted|lei|jij|u)\b"
    r"|\b(?:tell me|sagen|me dire|decirme|dirmi|dizer|zeggen|сказать|подсказать)\b|你|您|请问|請問",
    re.IGNORECASE,
)
# A question mark alone makes a question for yes or no of so many words and more, in languages whose
# question words have few forms.
_MANY_WORDS = 8
_LISTED = frozenset({"en", "de", "fr", "es", "it", "pt", "nl", "no", "da"})
# Question words are joined with others there; these are in any question.
_JOINED = frozenset({"zh", "ja", "ko", "th", "tr"})
_ENDINGS = frozenset(["か", "mi", "mı", "mu", "mü", "吗", "嗎", "吧", "呢", "ли"])
_ENDINGS |= {"是否", "是不是", "有没有"}


def asks_for_yes_or_no(question: str, language: str) -> bool:
    """Return whether a question is answered by yes or no, not by a name, time or number.

    Args:
        question: As it was asked.
        language: It is in.
    """
    words = [fold(word) for word in re.findall(r"[^\W\d_]+", question)]
    asking = question_words(language) - _ENDINGS
    if language in _JOINED:
        names = any(word in question for word in asking)
    else:
        names = any(word in asking for word in words)
    if names and _ADDRESSES.search(question):
        return False
    first = _FIRST.get(language)
    # "Is the man who …" asks so too; in a later clause "who" is what is asked for.
    begins = "^" if names else r"(?:^|[:;.–—]\s)"
    if first and re.search(rf"{begins}[\s¿«\"„“]*{first}(?!\w)", question, re.IGNORECASE):
        return bool(_ASKED.search(question)) or not names
    anywhere = _ANYWHERE.get(language)
    if anywhere and re.search(anywhere, question, re.IGNORECASE):
        return not names
    is_long = len(words) >= _MANY_WORDS and language in _LISTED
    return is_long and not names and bool(_ASKED.search(question))
