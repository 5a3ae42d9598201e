"""What kind of answer a question asks for, and which texts can hold such an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ragflow_local.text.terms import STOP_WORDS, iterate

Kind = Literal["who", "when", "where", "amount", "why", "how", "define", "yes_no", "which", "other"]

# In this order: the first that is found counts. "How many years" asks for an amount, not a time.
_SPELLED: tuple[tuple[Kind, str], ...] = (
    (
        "amount",
        r"\bhow (?:many|much|long|old|far|large|big|high|tall|often|fast|deep|wide|heavy)\b"
        r"|\bwhat (?:is|was|were|are) the (?:number|amount|total|percentage|price|cost|value"
        r"|size|rate|revenue|population|height|length|weight|share)\b|\bpercent"
        r"|\bwhat\b[^?]{0,60}\b(?:gross margin|net income|net sales|cash flow|tax rate|revenues?"
        r"|operating expenses|sales figures)\b"
        r"|多少|几(?!乎)|多(?:大|高|长|远|久|重|快|深|宽)|数量|人口是|面积",
    ),
    (
        "when",
        r"\bwhen\b|\b(?:what|which|in what|in which) (?:year|date|day|month|century"
        r"|decade|time)"
        r"|\bwhat time\b|何时|什么时[候间]|哪一?[年天日月]|几[月年日]|时间|年份|日期|年代"
        r"|哪个(?:世纪|朝代)",
    ),
    (
        "who",
        r"\bwho(?:se|m)?\b|\b(?:what|which) (?:person|man|woman|author|actor|actress|director"
        r"|singer|president|king|queen|player|scientist)\b"
        r"|谁|何人|什么人|哪(?:位|个人|些人|一位|几位)|姓名|人物",
    ),
    (
        "where",
        r"\bwhere\b|\b(?:what|which) (?:country|city|state|place|town|county|region|continent"
        r"|location|street|island|river)\b"
        r"|哪里|哪儿|何处|何地|什么地方|哪(?:个|座)?(?:国家|城市|省|县|地区|州|区|镇)"
        r"|位于|地点|哪国",
    ),
    ("why", r"\bwhy\b|\bwhat (?:is|was) the (?:reason|cause)|为什么|为何|原因|何故|怎么会"),
    ("how", r"^\W*how\b|\bhow (?:do|does|did|can|to|is|are)\b|怎么|如何|怎样|方法|步骤"),
    (
        "define",
        r"^\W*what(?:'s| is| are| was| were) (?:an? |the )?[\w\- ]{1,40}\?*$|\bdefin"
        r"|\bmean(?:s|ing)?\b"
        r"|是什么(?:意思)?|什么是|定义|指的?是|含义",
    ),
    ("which", r"\bwhich\b|\bwhat\b|什么|哪|何"),
    (
        "yes_no",
        r"^\W*(?:is|are|was|were|do|does|did|can|could|will|would|has|have|had|should|may"
        r"|might)\b"
        r"|是否|吗[？?]?\s*$|能不能|有没有|是不是|可不可以",
    ),
)
_KINDS = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _SPELLED]

_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty"
    r"|fifty|hundred|thousand|million|billion|dozen|half|once|twice|first|second|third|none)\b"
    r"|[一二两三四五六七八九十百千万亿零〇半]+(?:[个名人只条座次年月日天小时分秒元米公里吨%倍届位种家所部场岁度]|余|多|分之)"
)
_TIME = (
    r"\b(?:1[0-9]|20)\d{2}\b|\b\d{1,2}:\d{2}\b|\b(?:jan|feb|mar|apr|may|june?|july?"
    r"|aug|sept?|oct|nov"
    r"|dec)[a-z]*\.? \d|\b\d{1,2}(?:st|nd|rd|th)? (?:january|february|march|april|may"
    r"|june|july|august"
    r"|september|october|november|december)\b|\b(?:monday|tuesday|wednesday|thursday"
    r"|friday|saturday"
    r"|sunday|today|yesterday|tomorrow|centur(?:y|ies)|\d0s|morning|evening|noon"
    r"|midnight|a\.?m\.?|p\.?m\.?)\b"
    r"|\d+\s*[年月日号時时]|世纪|年代|[一二三四五六七八九十〇零]+[年月日]|[朝代](?:末|初|时期)"
)
_NAME = (
    r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’.-]+(?:\s+(?:of|de|van|von|the)?\s*[A-Z][\w'’.-]+)*"
    r"|[A-Z][a-z]+ [A-Z][\w.]+|[\u4e00-\u9fff]{2,4}(?:先生|女士|教授|博士|将军|王|帝"
    r"|公|氏)|由[\u4e00-\u9fff·]{2,12}"
    r"|[\u4e00-\u9fff]+·[\u4e00-\u9fff]+|《"
)
_PLACE = (
    r"\b(?:in|at|from|near|to|of|on) (?:the )?[A-Z]"
    r"|[\u4e00-\u9fff]{2,}[省市县区州国镇乡村岛山河湖路街港]"
    r"|位于|在[\u4e00-\u9fff]{2,}|located|based in|headquarter"
)
_REASON = (
    r"\b(?:because|since|due to|owing to|as a result|therefore|caused?|reasons?"
    r"|in order to|so that"
    r"|thanks to|led to)\b|因为?|由于|所以|因此|为了|导致|原因|使得|以便|故"
)
_MANNER = (
    r"\b(?:by \w+ing|first|then|next|using|through|via|step|click|run|use)\b|通过"
    r"|首先|然后|使用|利用|方法|以.{1,12}方式|可以"
)
_DEFINITION = (
    r"\b(?:is|are|was|were|means|refers to|defined as|known as|called) (?:an?|the|any|to)?\b"
    r"|是(?:一|指|由|在)?|指|称为|叫做?|即|意思|又名|简称"
)
_HOLDS: dict[Kind, re.Pattern[str]] = {
    "amount": re.compile(_NUMBER, re.IGNORECASE),
    "when": re.compile(_TIME, re.IGNORECASE),
    "who": re.compile(_NAME),
    "where": re.compile(_PLACE),
    "why": re.compile(_REASON, re.IGNORECASE),
    "how": re.compile(_MANNER, re.IGNORECASE),
    "define": re.compile(_DEFINITION, re.IGNORECASE),
}

_ASKING_WORDS = """
    what which who whom whose when where why how many much long tell show give list explain
    describe name find please know want mean does did kind type sort call"""
_ASKING = frozenset(_ASKING_WORDS.split())
# Chinese words that ask or only tie: of their letters and pairs none says what is asked about.
_ASKING_ZH = re.compile(
    r"请问|请|是什么(?:意思)?|什么时[候间]|什么样的?|什么|为什么|为何|何时|何地|何人"
    r"|何处|哪一?[个些位年天种座里儿]?|谁|多少"
    r"|几(?=[个年月日次人种名岁])|怎么样?|怎样|如何|是否|有没有|能不能|是不是"
    r"|[吗呢吧啊]|有哪些|的"
)
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart.

    Attributes:
        kind: What is asked for.
        terms: What it is about, in the order of the question.
    """

    text: str
    kind: Kind
    terms: tuple[str, ...]

    def is_answerable_by(self, text: str) -> bool:
        """Say whether a text holds what is asked for: a number, a time, a name."""
        pattern = _HOLDS.get(self.kind)
        return pattern is None or pattern.search(text) is not None


def take_apart(text: str) -> Question:
    """Return the kind and the terms of a question."""
    kind: Kind = "other"
    for name, pattern in _KINDS:
        if pattern.search(text):
            kind = name
            break
    about = _ASKING_ZH.sub(" ", text) if _HAN.search(text) else text
    terms = _content(about, _ASKING) or _content(about, frozenset()) or tuple(iterate(text))
    return Question(text, kind, tuple(dict.fromkeys(terms)))


def _content(text: str, asking: frozenset[str]) -> tuple[str, ...]:
    return tuple(term for term in content_terms(text) if term not in asking)


def content_terms(text: str) -> list[str]:
    """Return the terms with a meaning: no function words, of Chinese the pairs."""
    return [
        term
        for term in iterate(text)
        if term not in STOP_WORDS and not (len(term) == 1 and not term.isalnum())
    ]
