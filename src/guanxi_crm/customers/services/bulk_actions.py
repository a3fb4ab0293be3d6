"""What can be done to many customers: each action changes a batch, says what was before, and takes that back."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import F
from django.utils import timezone

from guanxi_crm.core.audit import log_many
from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer, CustomerTag, HandOver, Tag
from guanxi_crm.customers.selectors.owners import may_own
from guanxi_crm.users.models import Team, User

__all__ = ["Assign", "BulkAction", "PutTag", "TakeTag"]

_BATCH = 500


class BulkAction(ABC):
    """One kind of change, with its parameters; it fits into a job as JSON."""

    name: ClassVar[str]
    permission: ClassVar[str]
    """Action of the record type ``customer``."""

    @property
    def undo_kind(self) -> str:
        return f"customers.{self.name}"

    @abstractmethod
    def as_data(self) -> dict[str, Any]: ...

    @staticmethod
    def from_data(data: Any) -> BulkAction:
        """The action that `as_data` has told of."""
        if data["action"] == Assign.name:
            return Assign({name: data[name] for name in ("owner", "team") if name in data})
        return {PutTag.name: PutTag, TakeTag.name: TakeTag}[data["action"]](data["tag"])

    @abstractmethod
    def require(self, user: Actor) -> None:
        """Raise unless the user may do this to some customers, and what it names is there."""

    def require_back(self, user: Actor) -> None:
        """Raise unless the user may take this back."""
        self.require(user)

    @abstractmethod
    def apply(self, user: Actor, keys: Sequence[int], note: Mapping[str, object], at: dt.datetime) -> list[Any]:
        """Change a batch; returns what was before of those that have changed, as JSON."""

    @abstractmethod
    def take_back(self, user: Actor, was: Sequence[Any]) -> int:
        """Set back those that are still as `apply` has left them, and that the user may still change; how many."""


@dataclass(frozen=True)
class _TagAction(BulkAction):
    tag_id: int
    permission: ClassVar[str] = "change"

    def as_data(self) -> dict[str, Any]:
        return {"action": self.name, "tag": self.tag_id}

    def require(self, user: Actor) -> None:
        user.require("customer", self.permission)
        user.require_writable("customer", ["tags"])
        if not Tag.objects.filter(pk=self.tag_id).exists():
            raise RuleBroken("crm_customers.no_such_tag", field="tag")

    def _having(self, keys: Sequence[int]) -> list[int]:
        having = CustomerTag.objects.filter(tag_id=self.tag_id, customer_id__in=keys)
        return sorted(having.values_list("customer_id", flat=True))

    def _put(self, user: Actor, keys: Sequence[int], note: Mapping[str, object], at: dt.datetime) -> list[int]:
        having = set(self._having(keys))
        new = [key for key in keys if key not in having]
        CustomerTag.objects.bulk_create(
            [CustomerTag(customer_id=key, tag_id=self.tag_id) for key in new], ignore_conflicts=True
        )
        self._tell(user, new, note, at, was=False)
        return new

    def _take(self, user: Actor, keys: Sequence[int], note: Mapping[str, object], at: dt.datetime) -> list[int]:
        having = self._having(keys)
        CustomerTag.objects.filter(tag_id=self.tag_id, customer_id__in=having).delete()
        self._tell(user, having, note, at, was=True)
        return having

    def _tell(
        self, user: Actor, keys: Sequence[int], note: Mapping[str, object], at: dt.datetime, *, was: bool
    ) -> None:
        tag = str(Tag.objects.get(pk=self.tag_id))
        change = ([tag], []) if was else ([], [tag])
        people = Customer.objects.filter(pk__in=keys).order_by("pk").values_list("pk", "name", "number")
        log_many(
            user=user, kind="customer", action="change", at=at, note={**note, "bulk": True},
            records=((key, name or number, {"tags": change}) for key, name, number in people),
        )  # fmt: skip

    def _still_allowed(self, user: Actor, was: Sequence[Any], start: int) -> list[int]:
        batch = Customer.objects.filter(pk__in=was[start : start + _BATCH])
        return list(user.narrow("customer", batch, self.permission).order_by("pk").values_list("pk", flat=True))


class PutTag(_TagAction):
    """A tag put on everybody who does not have it."""

    name = "tag"

    def apply(self, user: Actor, keys: Sequence[int], note: Mapping[str, object], at: dt.datetime) -> list[Any]:
        return self._put(user, keys, note, at)

    def take_back(self, user: Actor, was: Sequence[Any]) -> int:
        return sum(
            len(self._take(user, self._still_allowed(user, was, start), {"undo": True}, timezone.now()))
            for start in range(0, len(was), _BATCH)
        )


class TakeTag(_TagAction):
    """A tag taken from everybody who has it."""

    name = "untag"

    def apply(self, user: Actor, keys: Sequence[int], note: Mapping[str, object], at: dt.datetime) -> list[Any]:
        return self._take(user, keys, note, at)

    def take_back(self, user: Actor, was: Sequence[Any]) -> int:
        return sum(
            len(self._put(user, self._still_allowed(user, was, start), {"undo": True}, timezone.now()))
            for start in range(0, len(was), _BATCH)
        )


@dataclass(frozen=True)
class Assign(BulkAction):
    """Another owner, another team, or both. ``to`` holds what is to change: key of the new one, or None for nobody."""

    to: Mapping[str, int | None]
    name: ClassVar[str] = "assign"
    permission: ClassVar[str] = "assign"

    def as_data(self) -> dict[str, Any]:
        return {"action": self.name, **self.to}

    def require(self, user: Actor) -> None:
        self.require_back(user)
        owner, team = self.to.get("owner"), self.to.get("team")
        if not self.to:
            raise RuleBroken("crm_customers.nothing_to_do")
        if owner is not None and owner not in may_own(user=user):
            raise RuleBroken("crm_customers.no_such_colleague", field="owner")
        if team is not None and not Team.objects.filter(pk=team).exists():
            raise RuleBroken("crm_customers.no_such_team", field="team")

    def require_back(self, user: Actor) -> None:
        # Whoever had them gets them back, and whoever has received them may have left.
        user.require("customer", self.permission)
        user.require_writable("customer", self.to)

    def apply(self, user: Actor, keys: Sequence[int], note: Mapping[str, object], at: dt.datetime) -> list[Any]:
        wanted = {key: dict(self.to) for key in keys}
        return self._move(user, wanted, note, at)

    def take_back(self, user: Actor, was: Sequence[Any]) -> int:
        taken = 0
        for start in range(0, len(was), _BATCH):
            batch = {key: {"owner": owner, "team": team} for key, owner, team in was[start : start + _BATCH]}
            still = Customer.objects.filter(pk__in=batch, **{f"{name}_id": value for name, value in self.to.items()})
            # Who gave his customers away may not see them any more, and takes them back all the same: they were his.
            wanted = {key: {name: batch[key][name] for name in self.to} for key in still.values_list("pk", flat=True)}
            taken += len(self._move(user, wanted, {"undo": True}, timezone.now()))
        return taken

    def _move(
        self, user: Actor, wanted: Mapping[int, Mapping[str, int | None]], note: Mapping[str, object], at: dt.datetime
    ) -> list[Any]:
        rows = Customer.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
        changing = [
            each for each in rows if any(getattr(each, f"{name}_id") != to for name, to in wanted[each.pk].items())
        ]
        was = [[each.pk, each.owner_id, each.team_id] for each in changing]
        names = _Names()
        told, handed = [], []
        alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for each in changing:
            after = {"owner": each.owner_id, "team": each.team_id, **wanted[each.pk]}
            changes = {
                name: (names.of(name, getattr(each, f"{name}_id")), names.of(name, to))
                for name, to in after.items()
                if getattr(each, f"{name}_id") != to
            }
            told.append((each.pk, str(each), changes))
            handed.append(
                HandOver(
                    customer_id=each.pk, from_owner_id=each.owner_id, to_owner_id=after["owner"],
                    from_team_id=each.team_id, to_team_id=after["team"], by_id=user.user_id, at=at,
                )
            )  # fmt: skip
            alike[after["owner"], after["team"], tuple(sorted({*each.edited, *changes}))].append(each.pk)
        for (owner, team, edited), keys in alike.items():
            Customer.objects.filter(pk__in=keys).update(
                owner_id=owner, team_id=team, edited=list(edited), version=F("version") + 1, updated_at=at
            )
        HandOver.objects.bulk_create(handed)
        log_many(user=user, kind="customer", action="hand_over", records=told, note={**note, "bulk": True}, at=at)
        return was


class _Names:
    """Names of staff and teams, for the audit trail; each is asked for once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], str | None] = {}

    def of(self, name: str, key: int | None) -> str | None:
        if key is None:
            return None
        if (name, key) not in self._known:
            found = (User if name == "owner" else Team).objects.filter(pk=key).first()
            self._known[name, key] = None if found is None else str(found)
        return self._known[name, key]
