"""What of a page nobody sees, or is no part of what it says: hidden, menus, feet, banners."""

import re
from typing import Any

_HIDDEN_STYLE = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all"
    r"|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)|font-size\s*:\s*0(?:\.0*)?(?:px|pt|em|%)?\s*(?:;|!|$))",
    re.I,
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_SIMPLE = re.compile(r"[A-Za-z0-9]*([.#])([\w-]+)")
# What a page is made of besides what it says.
_BESIDE_TAGS = frozenset({"nav"})
_BESIDE_ROLES = frozenset({"navigation", "search", "dialog", "alertdialog"})
_FOOT = "contentinfo"  # a page has one; where many say so, it is no foot
_BANNER = re.compile(
    r"cookie|consent|gdpr|onetrust|usercentrics|cybot|didomi|(?:^|[-_\s])cc-(?:window|banner)", re.I
)
_LONGEST_BANNER = 3000  # characters; a page about cookies has more to say
_WHOLE = frozenset({"html", "body", "main", "article"})
_LARGE_SHARE = 0.5  # of the page's text: so much is the page, whatever its elements are called


class Unseen:
    """Knows which elements of one page are to be left out."""

    def __init__(self, root: Any) -> None:
        self._classes: set[str] = set()
        self._ids: set[str] = set()
        for sheet in root.iter("style"):
            self._add_rules(sheet.text or "")
        self._has_foot = len(root.xpath("//*[@role='contentinfo']")) == 1
        self._length = sum(len(text.strip()) for text in root.itertext())

    def has(self, element: Any, tag: str) -> bool:
        """Return whether ``element`` is not shown, or is no part of what the page says."""
        if tag in ("html", "body"):
            return False
        if self._is_hidden(element, tag):
            return True
        is_beside = (
            tag in _BESIDE_TAGS
            or (element.get("role") or "").lower() in _BESIDE_ROLES
            or (self._has_foot and element.get("role") == _FOOT)
            or (tag == "footer" and not _is_within_article(element))
            or self._is_banner(element)
            or (element.get("aria-hidden") == "true" and tag not in _WHOLE)
        )
        return is_beside and self._length_of(element) <= _LARGE_SHARE * self._length

    def _is_hidden(self, element: Any, tag: str) -> bool:
        if element.get("hidden") is not None or (tag == "dialog" and element.get("open") is None):
            return True
        if _HIDDEN_STYLE.search(element.get("style") or ""):
            return True
        if not self._classes and not self._ids:
            return False
        classes = (element.get("class") or "").split()
        return element.get("id") in self._ids or not self._classes.isdisjoint(classes)

    def _is_banner(self, element: Any) -> bool:
        named = f"{element.get('id') or ''} {element.get('class') or ''}"
        return (
            element.tag in ("div", "section", "aside", "form")
            and bool(_BANNER.search(named))
            and self._length_of(element) <= _LONGEST_BANNER
        )

    def _length_of(self, element: Any) -> int:
        return sum(len(text.strip()) for text in element.itertext())

    def _add_rules(self, css: str) -> None:
        """Note the classes and ids that a style sheet of the page hides on every screen."""
        css = _CSS_COMMENT.sub("", css[:500_000])
        css = re.sub(r"@(?:media|supports|print)[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", css)
        for match in _RULE.finditer(css):
            if not _HIDDEN_STYLE.search(match[2]):
                continue
            for selector in match[1].split(","):
                if simple := _SIMPLE.fullmatch(selector.strip()):
                    (self._classes if simple[1] == "." else self._ids).add(simple[2])


def _is_within_article(element: Any) -> bool:
    """Return whether a foot is that of a part: it may say who wrote it."""
    return (
        next(element.iterancestors("article", "section", "blockquote", "figure"), None) is not None
    )
