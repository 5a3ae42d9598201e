"""Recognises words that tie a question to the one before it."""

from __future__ import annotations

import re

# "And in 2021?", "Und beim Golf?": the rest takes the place of something in the question before.
LEAD = re.compile(
    r"^[\s¿¡]*(?:(?:and|but|so|then|ok(?:ay)?|well|also|or|und|aber|oder|et|mais|ou|y|pero|e|ma|mas"
    r"|en|maar|of|a|i|ale|och|men|а|и|но|или)\b[\s,]*)*"
    r"(?:(?:what|how)\s+about\b|what\s+of\b|was\s+ist\s+mit\b|wie\s+(?:ist|steht|sieht)\s+es\s+"
    r"(?:mit|bei|für)\b|qu['’]en\s+est-il\s+(?:de|du|des|pour)\b|qué\s+(?:hay|pasa)\s+(?:de|con)\b"
    r"|e\s+quanto\s+[aà]o?\b|hoe\s+zit\s+het\s+met\b|(?:как|что)\s+(?:насч[её]т|о)\b)?"
    r"(?:و?ماذا عن\s*|و(?=ال|في|عن|لل))?"
    r"(?:那么|那麼|那(?![里裡个個些位家年时時])|还有|還有|以及|另外"
    r"|それでは|では|じゃあ?|そして|그럼|그러면|그리고)?[\s,，、]*",
    re.IGNORECASE,
)
# "No, I meant the diesel": the rest takes the place of what was not meant.
CORRECTION = re.compile(
    r"^[\s¿¡]*(?:(?:no|nope|sorry|nein|non|нет|nee|nie|não|nej|не|不是?|不对|不對|いや|いいえ|아니요?)"
    r"[\s,.，。、!]+)?"
    r"(?:i\s+(?:meant?|was\s+(?:asking|talking)\s+about)\b|ich\s+(?:meinte|meine)\b"
    r"|je\s+(?:parlais|parle)\s+(?:de|du|des)\b|je\s+voulais\s+dire\b"
    r"|(?:me\s+refería|me\s+refiero)\s+al?\b|quise\s+decir\b|intendevo\b|mi\s+riferivo\s+all?[aeo]?\b"
    r"|(?:eu\s+)?quis\s+dizer\b|ik\s+bedoel(?:de)?\b|chodziło\s+mi\s+o\b|jag\s+menade\b"
    r"|я\s+(?:имела?\s+в\s+виду|про|о)\b|我(?:是说|是說|说的是|說的是|指的是|问的是|問的是))\s*",
    re.IGNORECASE,
)
# Words that tie in one language and are something else in others: "en" of Dutch and French.
TIES_ONLY_IN = {
    "en": ("nl",),
    "of": ("nl",),
    "a": ("pl", "cs", "sk"),
    "i": ("pl", "hr", "sl", "sv", "ca"),
    "e": ("it", "pt"),
    "o": ("it", "es"),
    "y": ("es",),
    "men": ("sv", "da", "no"),
    "ma": ("it",),
    "mas": ("pt",),
}
TAIL = re.compile(r"(?:呢|怎么样|怎麼樣|如何|は|은요|는요|은|는|\baus)?[\s?？؟!.]*$")
POINTING = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|these|those|there"
    r"|the\s+(?:same|latter|former|other)|that(?=\s*(?:\?|$|one|year|company|period|time))|one"
    r"|er|sie|ihn|ihm|ihre?[rnms]?|seine?[rnms]?|davon|dafür|damit|dort|dess?en|deren|diese[rnms]?"
    r"|il|elle|ils|elles|lui|leurs?|celui|celle|ceux|él|ella|ellos|ellas|suy[oa]s?|est[ea]s?|es[ea]"
    r"|sus?|son(?=\s+\w)|ses"
    r"|egli|essa|loro|questo|questa|ele|ela|eles|elas|dele|dela|esse|essa|hij|zij|hem|hun|daarvan"
    r"|он|она|оно|они|его|её|ее|им|ему|ей|их|нём|нем|ней|этот|эта|это|там)\b"
    r"|\b(?:هو|هي|هم|هذا|هذه|ذلك|تلك|هناك)\b"
    r"|它们?|(?<!其)[他她](?!人)们?|(?<!应)(?<!應)该(?=[国地校公人项個个])|这[里个些位家]?|這[裡個些位家]?"
    r"|其(?!他|她|它|中|实|實|余|餘)|那(?:里|裡|个|個|些|年|时|時)"
    r"|それ|その|これ|この|彼女?|そこ|あれ|그것|그녀|그의|그는|그곳|이것|그게",
    re.IGNORECASE,
)

# Of each language, the words for what the sentence before names; of scripts without spaces, and of
# languages that have none here, those of ``POINTING``.
_BACK_SAID = """
    en: it its they them their theirs he him his she her hers this these those there both
      neither either here
    de: er sie es ihn ihm ihr ihre ihrer ihrem ihren sein seine seiner seinem seinen dies diese
      dieser dieses diesem diesen davon dafür damit dort dabei dazu darin darauf danach deren
      dessen beide beiden erstere ersterer letztere letzterer letzteres
    fr: il elle ils elles lui leur leurs son sa ses ce cet cette ces celui celle ceux celles y
      là
    es: él ella ello ellos ellas este esta esto estos estas ese esa eso esos esas su sus allí
      ahí allá ambos ambas
    it: egli ella esso essa essi esse lui lei loro questo questa questi queste quello quella suo
      sua suoi sue lì là vi entrambi entrambe
    pt: ele ela eles elas este esta isto esse essa isso aquele aquela seu sua seus suas lá ali
      dele dela ambos ambas
    nl: hij zij ze hem haar hun deze dit die dat daar daarvan beide
    pl: on ona ono oni one jego jej ich ten ta to ci te tam tego tej obie oba oboje jemu
    ru: он она оно они его её ее их ему ей им этот эта это эти там туда тот та те оба обе
    uk: він вона воно вони його її їх йому їй цей ця це ці там той та обидва
    cs: on ona ono oni jeho její jejich ten ta to ti tam tyto tento tato oba
    tr: o onlar onun onu ona bu bunlar bunun şu orada kendisi ikisi
    sv: han hon dess denna detta dessa där honom henne båda
    da: han hun dens denne dette disse ham hende begge
    no: han hun dens denne dette disse ham henne begge"""
_BACK = {
    language: re.compile(rf"\b(?:{'|'.join(words.split())})\b", re.IGNORECASE)
    for language, words in re.findall(r"(\w\w):((?:\s+\w+(?!\w*:))+)", _BACK_SAID)
}
_OF_SEVERAL = re.compile(
    r"\b(?:the\s+(?:former|latter|same|other|first|second|third|last)"
    r"|l[ea]\s+(?:premi[eè]re?|seconde?)|el\s+(?:primero|segundo)|la\s+(?:primera|segunda)"
    r"|il\s+(?:primo|secondo)|pierwsz[ya]|drug[ia])\b|[前后後]者|两者|兩者|双方",
    re.IGNORECASE,
)
_POLITE = re.compile(r"(?<=\S )(?:Sie|Ihnen|Ihre?[mnrs]?)\b")  # German "you"


def points_back(beginning: str, language: str) -> bool:
    """Return whether a sentence begins with a word for what the one before it names.

    Args:
        beginning: Its first words.
        language: It is in.
    """
    if language == "de":
        beginning = _POLITE.sub("", beginning)
    pattern = _BACK.get(language, POINTING)
    return bool(pattern.search(beginning) or _OF_SEVERAL.search(beginning))
