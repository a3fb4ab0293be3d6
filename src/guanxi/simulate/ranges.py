"""Whether a setting is in its range."""

from __future__ import annotations

from guanxi.errors import SettingError

__all__ = ["require"]


def require(
    name: str,
    value: float | str,
    least: float = 0,
    most: float = 0,
    *,
    choices: tuple[str, ...] = (),
) -> None:
    """`SettingError` unless ``value`` is one of ``choices`` or, where there are none, from ``least`` to ``most``."""
    if choices and value not in choices:
        raise SettingError("simulate.not_one_of", name=name, value=value, choices=list(choices))
    if not choices and not least <= value <= most:  # type: ignore[operator]
        raise SettingError("simulate.out_of_range", name=name, value=value, least=least, most=most)
