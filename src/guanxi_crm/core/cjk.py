"""Text as the search index holds it: Chinese by the character, so that a name of two characters is found."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["digits", "is_cjk", "searchable"]

_CJK = re.compile(r"([\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f])")
_OTHER = re.compile(r"[\W_]+")


_PLAIN = {
    code: unicodedata.normalize("NFD", chr(code))[0]
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if unicodedata.normalize("NFD", chr(code)) != chr(code)
}
"""Latin letters without their accents. Kana keep their marks, which make other sounds of them."""


def searchable(text: str) -> str:
    """Lower case without accents, full width made half, a space round each Chinese character, punctuation out.

    Examples
    --------
    >>> searchable("王小明 Ｗang, Xiaoming")
    '王 小 明 wang xiaoming'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    text = text.casefold()
    return " ".join(_OTHER.sub(" ", _CJK.sub(r" \1 ", text)).split())


def is_cjk(word: str) -> bool:
    """Whether a word of `searchable` is a Chinese character (or a Japanese one)."""
    return _CJK.fullmatch(word) is not None


def digits(text: str) -> str:
    """The digits of a telephone number.

    Examples
    --------
    >>> digits("+86 138-0013-8000")
    '8613800138000'
    """
    return "".join(each for each in unicodedata.normalize("NFKC", text) if each.isascii() and each.isdigit())
