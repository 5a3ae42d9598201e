"""Letters of RTF: bytes in the code page of their font, UTF-16 halves, named signs."""

import codecs

# Source: "Rich Text Format (RTF) Specification 1.9.1", character sets of fonts.
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 78: "shift_jis", 79: "cp949", 80: "gb18030", 81: "big5",
    128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
SIGNS = {
    "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "emspace": " ", "enspace": " ", "qmspace": " ", "tab": "\t", "line": "\n",
    "zwj": "\u200d", "zwnj": "\u200c", "~": "\xa0", "_": "-", "\\": "\\", "{": "{", "}": "}",
}  # fmt: skip


def codec_of(number: int, default: str) -> str:
    """Return the codec of a font's character set."""
    return _CHARSETS.get(number, default)


def codec_of_page(number: int) -> str:
    """Return the codec of a code page as the file's head names it."""
    name = {0: "cp1252", 65001: "utf-8", 936: "gb18030", 10000: "mac_roman"}.get(
        number, f"cp{number}"
    )
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


class Letters:
    """Letters that wait to be whole: bytes of one code page, or the first half of a sign."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._codec = "cp1252"
        self._half = 0

    def add_byte(self, byte: int, codec: str) -> str:
        """Take a byte; return what became whole before it."""
        done = self.flush() if codec != self._codec else ""
        self._codec = codec
        self._bytes.append(byte)
        return done

    def add_unit(self, code: int) -> str:
        """Take a UTF-16 unit; return what became whole with it."""
        done = self.flush()
        code &= 0xFFFF
        if 0xD800 <= code < 0xDC00:
            self._half = code
            return done
        half, self._half = self._half, 0
        if 0xDC00 <= code < 0xE000:
            if not half:
                return f"{done}\ufffd"
            return done + chr(0x10000 + ((half - 0xD800) << 10) + (code - 0xDC00))
        return done + chr(code)

    def flush(self) -> str:
        """Return the letters of the bytes that wait."""
        if not self._bytes:
            return ""
        text = self._bytes.decode(self._codec, errors="replace")
        self._bytes.clear()
        return text
