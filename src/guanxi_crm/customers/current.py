"""From a customer to his scores of the version that is current: one row or none, joined like any foreign key."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.db.models.lookups import Exact

__all__ = ["CurrentKey", "CurrentScores"]


class _OneOrNone(ForwardManyToOneDescriptor):
    def get_object(self, instance: models.Model) -> models.Model | None:
        try:
            return super().get_object(instance)
        except ObjectDoesNotExist:
            return None


class CurrentKey(models.F):
    """The customer's key as his current scores have it; Django would take the customer's own, which is the same value
    and in none of the scores' indexes."""

    def __init__(self, path: str = "current__id") -> None:
        super().__init__(path)

    def resolve_expression(self, *args: Any, **named: Any) -> Any:
        scores = super().resolve_expression(*args, **named)
        return scores.target.model._meta.get_field("customer").get_col(scores.alias)


class CurrentScores(models.ForeignObject):
    """``customer.current`` (None without scores), ``current__segment`` in lookups, ``select_related("current")``.

    A reverse foreign key with a condition would be joined anew by every ``filter()``, as it might have many rows. This
    one has one at most, as `CustomerScores` is unique by customer and version and one version is current: the condition
    goes into the join itself, with the current version's key as a subquery that the database answers once.
    """

    requires_unique_target = False
    forward_related_accessor_class = _OneOrNone

    def __init__(self) -> None:
        super().__init__(
            "customers.CustomerScores", on_delete=models.DO_NOTHING, from_fields=["id"], to_fields=["customer"],
            related_name="+", null=True, editable=False, serialize=False,
        )  # fmt: skip

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = True, **named: Any) -> None:
        # A private field: known to lookups, not to migrations and forms.
        del private_only
        super().contribute_to_class(cls, name, private_only=True, **named)

    def get_extra_descriptor_filter(self, instance: models.Model) -> dict[str, object]:
        del instance
        return {"scored__is_current": True}

    def get_extra_restriction(self, alias: str, related_alias: str) -> Exact:
        # Django names the joined table first.
        del related_alias
        scored = self.related_model._meta.get_field("scored")
        current = scored.related_model.objects.filter(is_current=True).values("pk")
        return Exact(scored.get_col(alias), current[:1].query)
