"""Countries as people write them, in Chinese and English, to ISO 3166-1 alpha-2.

Names come from the Unicode CLDR through Babel; only what shops write otherwise is listed here.

Examples
--------
>>> [country_code(name) for name in ("United Kingdom", "中国", "USA", "de", "EIRE", "Unspecified")]
['GB', 'CN', 'US', 'DE', 'IE', None]
"""

from __future__ import annotations

from functools import cache

from babel import Locale, core

from guanxi.intake.mapping import normal_name

__all__ = ["country_code"]

_ALSO = {
    "GB": ("uk", "great britain", "england", "scotland", "wales", "northern ireland", "britain"),
    "US": ("usa", "america", "united states of america", "us of a", "美利坚合众国"),
    "IE": ("eire", "republic of ireland"),
    "CN": ("prc", "mainland china", "china mainland", "p.r. china", "中国大陆", "中华人民共和国", "大陆"),
    "HK": ("hong kong", "香港"),
    "MO": ("macau", "macao", "澳门"),
    "TW": ("taiwan", "台湾", "中国台湾"),
    "KR": ("korea", "south korea", "republic of korea"),
    "RU": ("russian federation",),
    "CZ": ("czech republic", "捷克共和国"),
    "ZA": ("rsa",),
    "AE": ("uae",),
    "NL": ("holland", "the netherlands"),
    "VN": ("viet nam",),
    "TR": ("turkey", "turkiye"),
    "IR": ("iran, islamic republic of",),
}


@cache
def country_code(name: str) -> str | None:
    """ISO 3166-1 alpha-2 code of a country's name or code in Chinese or English; None where it is not a country."""
    return _codes().get(normal_name(name))


@cache
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for locale in (Locale("en"), Locale("zh", script="Hans"), Locale("zh", script="Hant")):
        for code, name in locale.territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"):
                codes[normal_name(name)] = code
                codes[normal_name(code)] = code
    for alias, (code, *_) in core.get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(code) == 2:
            codes.setdefault(normal_name(alias), code)
    for code, names in _ALSO.items():
        codes.update({normal_name(name): code for name in names})
    return codes
