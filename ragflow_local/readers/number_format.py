"""A spreadsheet's number as its cell shows it: dates, percentages, decimals, thousands."""

import re
from datetime import UTC, datetime, timedelta

# The formats every Excel file has without saying them. Source: ECMA-376 part 1, 18.8.30
_ISO_DATE = "yyyy-mm-dd"
BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    14: _ISO_DATE,
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss",
    49: "@",
}
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_BRACKETS = re.compile(r"\[(?!h+\]|m+\]|s+\])[^\]]*\]", re.I)
_CURRENCY = re.compile(r"\[\$([^\]-]*)[^\]]*\]")
_DATE = re.compile(r"[ymdhs]", re.I)
_DATE_PART = re.compile(r"\[h+\]|\[m+\]|\[s+\]|y+|m+|d+|h+|s+|AM/PM|A/P|.", re.I | re.S)
_NUMBER = re.compile(r"[#0?][#0?,]*(?:\.([#0?]*))?|\.([#0?]+)")
_MAX_DAYS = 2_958_466  # 31 December 9999, the last day a sheet can hold


def show(value: float, shape: str, is_1904: bool = False) -> str:
    """Return ``value`` as a cell of format ``shape`` shows it.

    Args:
        value: The number as it is kept; of a date, days since the sheet's day 0.
        shape: The format, as Excel writes it; of its sections, that of the sign is taken.
        is_1904: Whether days count from 1904, as old Macs did.
    """
    section = _section(shape, value)
    plain = _BRACKETS.sub("", _LITERAL.sub("", section))
    if _is_date(plain) and 0 <= value < _MAX_DAYS:
        return _date(value, _BRACKETS.sub("", section), is_1904)
    match = _NUMBER.search(plain)
    if match is None or "E+" in plain.upper() or "/" in plain:
        return general(value)
    percent = plain.count("%")
    scaled = value * 100**percent
    # A comma after the last digit shows thousands: rather the exact number than a unit unsaid.
    decimals = match.group(1) or match.group(2) or ""
    text = f"{abs(scaled):,.{min(len(decimals), 30)}f}"
    text = text if "," in match.group() else text.replace(",", "")
    if (optional := len(decimals) - len(decimals.rstrip("#?"))) and "." in text:
        kept = len(text) - optional
        text = (text[:kept] + text[kept:].rstrip("0")).rstrip(".")
    return _dressed(text, section, match, scaled < 0)


def general(value: float) -> str:
    """Return ``value`` with up to 15 digits, as Excel keeps them."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"


def _section(shape: str, value: float) -> str:
    """Return the section of a format that is for the sign of ``value``."""
    sections = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', shape)
    if value < 0 and len(sections) > 1:
        # A negative's own section leaves out the sign, and has parentheses or a minus instead.
        return sections[1] if re.search(r"[-(]", sections[1]) else f"-{sections[1]}"
    return sections[0]


def _is_date(plain: str) -> bool:
    is_number = "0" in plain or "#" in plain or "general" in plain.lower()
    return bool(_DATE.search(plain)) and not (is_number and not re.search("[yd]", plain, re.I))


def _dressed(text: str, section: str, match: re.Match[str], is_negative: bool) -> str:
    """Return ``text`` with currency, percent sign and words of the format around it."""
    cleaned = _CURRENCY.sub(lambda match: match.group(1), section)
    cleaned = _BRACKETS.sub("", cleaned)
    at = _NUMBER.search(re.sub(r'"[^"]*"', lambda quoted: "\0" * len(quoted.group()), cleaned))
    if at is None:
        return text

    def words(part: str) -> str:
        return _LITERAL.sub(lambda match: match.group(1) or match.group(2) or "", part)

    before, after = words(cleaned[: at.start()]), words(cleaned[at.end() :])
    sign = "-" if is_negative and "-" not in before and "(" not in before else ""
    return f"{sign}{before.strip()}{text}{after.rstrip()}"


def _date(value: float, section: str, is_1904: bool) -> str:
    """Return days since the sheet's day 0 as the date and time its format asks for."""
    days = value + 1462 if is_1904 else value
    # Excel believes in 29 February 1900; before it, day 1 is 1 January.
    start = datetime(1899, 12, 31 if days < 60 else 30, tzinfo=UTC)
    moment = start + timedelta(milliseconds=round(days * 86_400_000))
    section = _LITERAL.sub(lambda match: match.group(1) or match.group(2) or " ", section)
    parts = _DATE_PART.findall(section)
    has_half = any(part.upper() in ("AM/PM", "A/P") for part in parts)
    shown, after_hours = "", False
    for index, part in enumerate(parts):
        low = part.lower()
        is_minute = (
            low[0] == "m"
            and len(low) < 3
            and (after_hours or any(p[:1] in "sS" for p in parts[index + 1 : index + 3]))
        )
        shown += _date_part(low, part, moment, days, (is_minute, has_half))
        if low[0] in "hsymd[":
            after_hours = low[0] == "h" or low.startswith("[h")
    return shown.strip()


def _date_part(low: str, part: str, moment: datetime, days: float, flags: tuple[bool, bool]) -> str:
    is_minute, has_half = flags
    letter, width = low[0], len(low)
    if low in ("am/pm", "a/p"):
        return "AM" if moment.hour < 12 else "PM"
    if letter == "[":
        return str(int(days * {"h": 24, "m": 1440, "s": 86_400}[low[1]] + 1e-6))
    if letter == "y":
        return f"{moment.year:04d}" if width > 2 else f"{moment.year % 100:02d}"
    if letter in "md" and width > 2:
        names = {"m": ("%b", "%B"), "d": ("%a", "%A")}[letter]
        return moment.strftime(names[width > 3])
    month = moment.minute if is_minute else moment.month
    hour = (moment.hour - 1) % 12 + 1 if has_half else moment.hour
    values = {"d": moment.day, "h": hour, "s": moment.second, "m": month}
    return f"{values[letter]:0{min(width, 2)}d}" if letter in values else part
