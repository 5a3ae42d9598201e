"""Decodes bytes: by the byte order mark, by what the file declares, then by likelihood."""

import codecs
import io
import re
import unicodedata

# The most used characters of each script, by any frequency list: a text in the right encoding is
# full of them, a text in a wrong one has hardly any.
_JAPANESE = (
    "日本人一大年中会国上出生行分者東同事前自方学業社見時間長市小部新月的場高入合手地発立後気"
    "言子名今田文書語編号読体金何山用校漢字"
)
_COMMON = {
    "gb18030": (
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之"
        "年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样"
        "理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将"
        "两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信"
        "表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔"
        "更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统"
        "区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品"
        "住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运款律请谢您语言"
        "测试编码"
    ),
    "big5": (
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之"
        "年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣"
        "理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將"
        "兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信"
        "表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾"
        "更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統"
        "區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品"
        "住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運請謝您語言測試"
        "編碼"
    ),
    "cp932": _JAPANESE,
    "euc_jp": _JAPANESE,
    "cp949": (
        "이다는을의에가고하한지은로기도를사리서자인시으어대아그나정수있해일보전주여만게들부라과상"
        "원스제장조우성구안국오했유경공면용무신동비세위발연모내계선관적진개화터니습녕말것글요"
    ),
}
# Lead bytes of the part of each set that holds the characters of everyday use.
_FIRST_PART = {
    "gb18030": (b"\xb0", b"\xd7"),
    "big5": (b"\xa4", b"\xc6"),
    "cp932": (b"\x88", b"\x97"),
    "euc_jp": (b"\xb0", b"\xcf"),
    "cp949": (b"\xb0", b"\xc8"),
}
_KANA = re.compile("[ぁ-んァ-ヶー]")
_PUNCTUATION = re.compile("[、。，；：？！（）「」『』《》“”‘’…—～・０-９Ａ-Ｚａ-ｚ　]")
_UNLIKELY = re.compile("[\ue000-\uf8ff\uff61-\uff9f\x80-\x9f�]")
# Letters and signs that texts in Western European languages are written with.
_WESTERN = frozenset("äöüßÄÖÜéèêëàâáãåçñíìîïóòôõøúùûæœÉÈÀÇÑÅØÆŒ’‘“”„–—…•€£§°«»©®™¿¡·ºª\xa0½¼²³±×")
# What else texts are found in; of twins outside this list, a few letters prove nothing.
_ALPHABETIC_SAID = """
    cp1250 iso8859-2 cp1251 koi8-r koi8-u cp866 cp1253 iso8859-7 cp1254 iso8859-9 cp1255 iso8859-8
    cp1256 iso8859-6 cp1257 iso8859-13 iso8859-4 iso8859-16 cp1258 cp874 tis-620 iso8859-11 cp852
    cp1252 iso8859-1 iso8859-15 cp437 cp850 cp858 mac-roman mac-latin2 iso8859-5 mac-cyrillic"""
_ALPHABETIC = frozenset(_ALPHABETIC_SAID.split())
_FEW_LETTERS = 3  # below, letters that Western languages have are theirs
_SAMPLE_BYTES = 65_536  # enough characters for any of the measures below to settle
_GUESS_BYTES = 8_192  # the guessing library finds nothing else in more
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# What terminals take for colours, titles and moves of the cursor. Source: ECMA-48
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]+[0-~]|[0-Z\\^-~])?"
)
# No meaning in a text: control characters, byte order marks within, lone surrogates; and what
# is not seen where it stands, but parts a word for whoever searches: soft hyphens, word joiners.
_DROPPED = {code: None for code in range(32) if code not in (9, 10)}
_DROPPED |= dict.fromkeys((127, 0xAD, 0x2060, 0xFEFF))
# Between words of scripts without spaces it is what parts them; elsewhere it parts a word.
_ZERO_SPACE = re.compile("(?<![\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1980-\u19ff])\u200b+")
_UNSEEN = re.compile("[\xad\u200b\u2060\ufeff]")
_UNSEEN_KEPT_APART = re.compile("[\xad\u2060\ufeff]+")
_WORD = re.compile(r"[^\W\d_]+")
_SIGN_IN_WORD = re.compile(
    r"[^\W\d_][^\w\s\x00-\x7f\xad‘’“”–—…«»][^\W\d_]|[²³¹][^\W\d_]|[^\W\d_]{2}[¹²³]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(data: bytes, declared: str = "") -> str:
    r"""Return ``data`` as text with ``\n`` line ends, without NULs and lone surrogates.

    Args:
        data: The bytes of a text in any encoding.
        declared: What the file itself says (HTML's meta, a mail's charset); taken when the
            bytes agree.
    """
    encoding = find_encoding(data, declared)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        is_utf8 = encoding.startswith("utf-8")
        text = _by_lines(data) if is_utf8 else data.decode(encoding, errors="replace")
    return tidy(text)


def tidy(text: str) -> str:
    r"""Return ``text`` with ``\n`` line ends and without what no text holds, or nobody sees."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    text = _SURROGATES.sub("\ufffd", _LINE_ENDS.sub("\n", text)).translate(_DROPPED)
    return _ZERO_SPACE.sub("", text) if "\u200b" in text else text


def without_unseen(text: str) -> str:
    """Return ``text`` without soft hyphens, and spaces of no width within words."""
    if _UNSEEN.search(text) is None:
        return text
    return _ZERO_SPACE.sub("", _UNSEEN_KEPT_APART.sub("", text))


def _by_lines(data: bytes) -> str:
    """Return UTF-8 with lines in another encoding, as logs and joined exports have them."""
    lines = data.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True)
    odd = [line for line in lines if not _reads(line, "utf-8")]
    if len(odd) == 1 and odd[0] is lines[-1] and _is_cut_short(odd[0]):
        odd = []
    encoding = _find_legacy(b"".join(odd)) if odd else "utf-8"
    is_odd = set(odd)
    return "".join(
        line.decode(encoding if line in is_odd else "utf-8", errors="replace") for line in lines
    )


def _is_cut_short(line: bytes) -> bool:
    """Return whether only the last character of ``line`` is not whole."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(line)
    except UnicodeDecodeError:
        return False
    return True


def find_encoding(data: bytes, declared: str = "") -> str:
    """Return the name of the codec that reads ``data``."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return name
    if wide := _find_wide(data):
        return wide
    if _is_utf8(data):
        # A mail may say iso-2022-jp, which is pure ASCII with escapes.
        return "iso2022_jp_2" if b"\x1b$" in data and _reads(data, "iso2022_jp_2") else "utf-8"
    if declared and _reads(data, declared):
        # What says Latin-1 or GB2312 is mostly the larger set that browsers take it for.
        return _WIDER.get(codecs.lookup(declared).name, declared)
    return _find_legacy(data)


_WIDER = {"iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}


def _reads(data: bytes, encoding: str) -> bool:
    """Return whether ``encoding`` is known and reads all of ``data``."""
    try:
        data.decode(_WIDER.get(codecs.lookup(encoding).name, encoding))
    except (LookupError, UnicodeError, ValueError):
        # cp1252 leaves five bytes undefined that real files have: those become U+FFFD.
        return encoding.lower().replace("_", "-") in ("iso-8859-1", "latin-1", "windows-1252")
    return True


def _is_utf8(data: bytes) -> bool:
    """Return whether ``data`` is UTF-8, but for a cut last character or few stray bytes."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        sample = data[: 16 * _SAMPLE_BYTES]
        text = sample.decode("utf-8", errors="replace")
        good = sum(1 for character in text if character > "\x7f" and character != "\ufffd")
        return good > 10 * text.count("\ufffd") or _has_more_lines(sample)
    return True


def _has_more_lines(data: bytes) -> bool:
    """Return whether more lines are UTF-8 than are not, of those beyond ASCII.

    By chance few lines in another encoding are: their letters would have to come in pairs.
    """
    lines = [line for line in data.splitlines() if not line.isascii()]
    good = sum(_reads(line, "utf-8") for line in lines)
    return good > 0 and good >= len(lines) - good


def _find_wide(data: bytes) -> str:
    """Return UTF-16 or UTF-32 where the NUL bytes of a file without a mark say so, else ""."""
    sample = data[:4096]
    zeros = [sample[offset::4].count(0) for offset in range(4)]
    quarter = len(sample) // 4
    if quarter and zeros[1] > 0.9 * quarter and zeros[2] > 0.9 * quarter:
        # One end is zero in all of Unicode's planes but the first: whichever has less is the text.
        name = "utf-32-le" if zeros[3] >= zeros[0] else "utf-32-be"
        return name if _reads(data[: len(data) // 4 * 4], name) else ""
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if max(even, odd) < len(sample) / 50 or max(even, odd) < 3 * min(even, odd):
        return ""
    name = "utf-16-le" if odd > even else "utf-16-be"
    return name if _reads(data[: len(data) // 2 * 2], name) else ""


def _find_legacy(data: bytes) -> str:
    """Return the older encoding that reads ``data`` best."""
    sample = _sample(data)
    likeness, name = max((_likeness(sample, name), name) for name in _COMMON)
    # 0.5: right encodings of short and long texts reach 0.6 and more, wrong ones stay below 0.4.
    if likeness >= 0.5:
        return name
    western = sample.decode("cp1252", errors="replace")
    is_western = _is_western(western)
    if is_western and sum(c > "\x7f" and c.isalpha() for c in western) < _FEW_LETTERS:
        return "cp1252"
    guessed = _guess(sample[:_GUESS_BYTES])
    if guessed and _reads(data, guessed):
        return guessed
    return "cp1252"


def _guess(sample: bytes) -> str:
    """Return the likeliest encoding that makes no mixed words, "" where there is none."""
    from chardet import detect_all  # takes a while to import; few files need it

    for guess in detect_all(sample):
        try:
            name = codecs.lookup(guess["encoding"] or "").name
            text = sample.decode(name, errors="replace")
        except LookupError:
            continue
        is_mixed = any(len(_scripts(word)) > 1 for word in _WORD.findall(text))
        if name.replace("_", "-") in _ALPHABETIC and not is_mixed and "\ufffd" not in text:
            return name
    return ""


def _scripts(word: str) -> set[str]:
    """Return the scripts of the letters of ``word``, by their names in Unicode."""
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in word} - {"MICRO", ""}


def _sample(data: bytes) -> bytes:
    """Return whole lines with bytes beyond ASCII: no character is cut, none is common to all."""
    lines, size = [], 0
    for line in io.BytesIO(data):
        if line.isascii():
            continue
        lines.append(line)
        size += len(line)
        if size > _SAMPLE_BYTES:
            break
    return b"".join(lines)[: 8 * _SAMPLE_BYTES]


def _likeness(sample: bytes, encoding: str) -> float:
    """Return how much ``sample`` in ``encoding`` looks like the language of that encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    foreign = [character for character in text if character > "\x7f"]
    if not foreign:
        return 0.0
    joined = "".join(foreign)
    common = frozenset(_COMMON[encoding])
    known = sum(1 for character in foreign if character in common)
    # Of a text in a wrong encoding, hardly any character is of the set's first, common part.
    first, last = _FIRST_PART[encoding]
    plain = sum(1 for character in foreign if first <= character.encode(encoding)[:1] <= last)
    kana = len(_KANA.findall(joined))
    if kana > 0.1 * len(foreign):
        if encoding not in ("cp932", "euc_jp"):
            return 0.0  # the kana of EUC-JP have the same codes in GB2312
        known += kana
    marks = len(_PUNCTUATION.findall(joined))
    unlikely = len(_UNLIKELY.findall(joined))
    return (known + 0.7 * marks + 0.5 * max(plain - known, 0) - 2 * unlikely) / len(foreign)


def _is_western(text: str) -> bool:
    """Return whether the characters beyond ASCII are few, and letters and signs of cp1252.

    A sign within a word is none: Kot³ownia is Polish in another encoding.
    """
    if _SIGN_IN_WORD.search(text):
        return False
    foreign = [character for character in text if character > "\x7f"]
    letters = sum(1 for character in text if character.isalpha())
    usual = sum(1 for character in foreign if character in _WESTERN)
    return usual >= 0.95 * len(foreign) and len(foreign) <= max(0.5 * letters, 2)
