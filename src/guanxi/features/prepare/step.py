"""A step of a preparation: a frozen declaration that learns from a frame, and is applied with what it learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from guanxi.errors import SchemaError, SettingError
from guanxi.features.prepare.frame import Frame, Labels, Numbers
from guanxi.words import Message, has

__all__ = ["State", "Step", "declared", "named_numbers", "one_of", "step_from"]

State = Mapping[str, Any]
"""What a step learned: texts, numbers, lists and arrays, by name."""
_KINDS: dict[str, type[Step]] = {}


@dataclass(frozen=True)
class Step(ABC):
    """One step. Its fields are its declaration: plain values, written to JSON and read back."""

    supervised: ClassVar[bool] = False
    """Whether it learns from the label too."""

    def __init_subclass__(cls, **more: object) -> None:
        super().__init_subclass__(**more)
        _KINDS[cls.__name__] = cls

    @abstractmethod
    def learn(self, frame: Frame, label: Labels | None) -> State:
        """What has to be known to apply the step, from these rows only."""

    @abstractmethod
    def apply(self, state: State, frame: Frame) -> Frame:
        """The frame after this step."""

    @abstractmethod
    def describe(self) -> Message:
        """The step in words."""

    def apply_learning(self, state: State, frame: Frame, label: Labels | None) -> Frame:  # noqa: ARG002
        """The frame after this step, for the rows that it learned from: out of fold where that makes a difference."""
        return self.apply(state, frame)


def declared(step: Step) -> dict[str, Any]:
    """A step as plain data.

    >>> from guanxi.features.prepare import Clip
    >>> declared(Clip(("amount",)))
    {'step': 'Clip', 'columns': ['amount'], 'low': 0.01, 'high': 0.99}
    """
    values = {each.name: getattr(step, each.name) for each in fields(step)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {"step": type(step).__name__, **plain}


def step_from(data: Mapping[str, Any]) -> Step:
    """The step that `declared` wrote down."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return _KINDS[str(values.pop("step"))](**values)


def named_numbers(frame: Frame, columns: tuple[str, ...]) -> dict[str, Numbers]:
    """The numeric columns a step is about: those named, or all of them."""
    names = columns or tuple(frame.numbers)
    for name in names:
        if name not in frame.numbers:
            raise SchemaError("errors.no_such_column", table="customers", column=name, columns=list(frame.numbers))
    return {name: np.asarray(frame.numbers[name]) for name in names}


def one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """`SettingError` unless a setting is one of its choices."""
    if value not in choices:
        raise SettingError("prepare.not_one_of", name=name, value=value, choices=list(choices))


def said(columns: tuple[str, ...]) -> Message:
    """The columns of a step in words."""
    if not columns:
        return Message("prepare.all")
    return Message("prepare.these", {"columns": [column_in_words(name) for name in columns]})


def column_in_words(name: str) -> Message:
    """A column by its label, where it is one of the customer features; else by its name."""
    label = f"features.{name}"
    return Message(label) if has(label) else Message("prepare.named", {"name": name})
