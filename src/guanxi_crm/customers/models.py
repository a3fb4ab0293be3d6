"""Tables of `customers`."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from guanxi_crm.customers.current import CurrentScores

__all__ = [
    "Attachment",
    "Consent",
    "ContactPoint",
    "Customer",
    "CustomerScores",
    "CustomerTag",
    "HandOver",
    "Note",
    "SavedView",
    "ScoreVersion",
    "SegmentChange",
    "Tag",
    "Task",
]

_USER = settings.AUTH_USER_MODEL


class Customer(models.Model):
    """One person or organisation. What the mine says of it is in `CustomerScores`."""

    number = models.CharField(max_length=200, unique=True)
    """``customer_id`` of the warehouse; given by the company's systems, or made here for who was entered by hand."""
    kind = models.CharField(
        max_length=12, default="person", choices=[("person", "person"), ("organisation", "organisation")]
    )
    name = models.CharField(max_length=200, default="")
    gender = models.CharField(max_length=20, default="")
    born_on = models.DateField(null=True)
    country = models.CharField(max_length=60, default="")
    region = models.CharField(max_length=100, default="")
    city = models.CharField(max_length=100, default="")
    postal_code = models.CharField(max_length=20, default="")
    language = models.CharField(max_length=20, default="")
    level = models.CharField(max_length=60, default="")
    joined_on = models.DateField(null=True)
    owner = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    team = models.ForeignKey("users.Team", null=True, on_delete=models.SET_NULL, related_name="+")
    origin = models.CharField(max_length=10, default="staff")
    """``staff``: entered here; ``import``: from a file or source; ``demo``: the simulated company's."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    """Counts changes by staff and imports; a form saves only over the version that it has read."""
    edited = models.JSONField(default=list)
    """Names of fields that staff have set: an import leaves those alone."""
    current = CurrentScores()
    """What the mine says of him now."""

    class Meta:
        indexes = (
            models.Index(F("created_at").desc(), F("id").desc(), name="customers_newest"),
            models.Index(fields=["name", "id"], name="customers_by_name"),
            # With the other one, so that whom a user may see is told from the index alone.
            models.Index(fields=["owner", "created_at", "id", "team"], name="customers_of_owner"),
            models.Index(fields=["team", "created_at", "id", "owner"], name="customers_of_team"),
            *(
                models.Index(fields=[name, "team", "owner"], name=f"customers_by_{name}")
                for name in ("country", "region", "city", "level")
            ),
        )

    def __str__(self) -> str:
        return self.name or self.number


class ContactPoint(models.Model):
    """One way to reach a customer."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(
        max_length=10, choices=[(each, each) for each in ("phone", "email", "wechat", "address", "other")]
    )
    value = models.CharField(max_length=300)
    normal = models.CharField(max_length=300)
    """Digits of a telephone number, a mail address in lower case: what equality is decided by."""
    label = models.CharField(max_length=40, default="")
    is_primary = models.BooleanField(default=False)
    origin = models.CharField(max_length=10, default="staff")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "kind", "normal"], name="one_contact_point"),)
        indexes = (models.Index(fields=["kind", "normal"], name="contact_points_equal"),)


class Consent(models.Model):
    """What a customer has allowed or withdrawn: append-only, the latest of a purpose and channel holds."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20)
    """``marketing``, ``service``, ``survey``, ``profiling``."""
    channel = models.CharField(max_length=10)
    """``phone``, ``sms``, ``email``, ``wechat``, ``app``, ``post``."""
    is_given = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    proof = models.CharField(max_length=300, default="")
    """How it was given: on paper, by telephone, on which page."""

    class Meta:
        indexes = (models.Index(fields=["customer", "purpose", "channel", "-at"], name="consents_latest"),)


class Tag(models.Model):
    """A word that staff put on customers."""

    name = models.CharField(max_length=40, unique=True)
    colour = models.CharField(max_length=12, default="blue")

    def __str__(self) -> str:
        return self.name


class CustomerTag(models.Model):
    """One tag on one customer."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tagged")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tag", "customer"], name="one_tag_once"),)


class Note(models.Model):
    """What somebody has written down about a customer."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["customer", "-at"], name="notes_newest"),)


class Task(models.Model):
    """What somebody is to do, about a customer or not."""

    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=300)
    assignee = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    due_on = models.DateField(null=True)
    done_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["assignee", "done_at", "due_on"], name="tasks_of_assignee"),
            models.Index(fields=["customer", "done_at", "due_on"], name="tasks_of_customer"),
        )


class Attachment(models.Model):
    """A file kept with a customer; its bytes are in the upload directory under ``key``."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="attachments")
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()


class HandOver(models.Model):
    """A customer passing from one member of staff or team to another, with a word about it."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="hand_overs")
    from_owner = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    to_owner = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    from_team = models.ForeignKey("users.Team", null=True, on_delete=models.SET_NULL, related_name="+")
    to_team = models.ForeignKey("users.Team", null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=1000, default="")
    by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["customer", "-at"], name="hand_overs_newest"),)


class SavedView(models.Model):
    """A list as somebody wants to see it again: conditions, columns, order."""

    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40, default="customer")
    name = models.CharField(max_length=100)
    query = models.JSONField(default=dict)
    is_shared = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "kind", "name"], name="one_view_of_a_name"),)


class ScoreVersion(models.Model):
    """All customers' scores of one run. At most one version is current: publishing and taking back move that mark.

    A version is loaded in batches while nobody sees it, then made current in one short transaction.
    """

    class State(models.TextChoices):
        LOADING = "loading"
        KEPT = "kept"
        """Whole; shown if it is the current one."""
        TAKEN_BACK = "taken_back"
        SWEPT = "swept"
        """Its rows are deleted."""

    state = models.CharField(max_length=12, choices=State.choices, default=State.LOADING)
    is_current = models.BooleanField(default=False)
    as_of = models.DateField()
    horizon_days = models.PositiveIntegerField(default=90)
    snapshot_id = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="")
    grades = models.JSONField(default=dict)
    """study → A … D."""
    customers = models.BigIntegerField(default=0)
    begun_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="one_current_version"),
        )


class CustomerScores(models.Model):
    """What one run says of one customer: columns of the mine's ``customers.parquet``; money in minor units."""

    scored = models.ForeignKey(ScoreVersion, on_delete=models.CASCADE, related_name="scores")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="scores")
    first_order_at = models.DateTimeField(null=True)
    last_order_at = models.DateTimeField(null=True)
    orders = models.IntegerField(null=True)
    items = models.FloatField(null=True)
    amount = models.BigIntegerField(null=True)
    returns_amount = models.BigIntegerField(null=True)
    days_since_last_order = models.IntegerField(null=True)
    mean_days_between_orders = models.FloatField(null=True)
    r = models.PositiveSmallIntegerField(null=True)
    f = models.PositiveSmallIntegerField(null=True)
    m = models.PositiveSmallIntegerField(null=True)
    segment = models.CharField(max_length=40, default="")
    value_group = models.CharField(max_length=12, default="")
    abc = models.CharField(max_length=1, default="")
    is_vip = models.BooleanField(default=False)
    is_silent = models.BooleanField(default=False)
    p_alive = models.FloatField(null=True)
    expected_orders = models.FloatField(null=True)
    expected_orders_low = models.FloatField(null=True)
    expected_orders_high = models.FloatField(null=True)
    expected_amount = models.BigIntegerField(null=True)
    expected_amount_low = models.BigIntegerField(null=True)
    expected_amount_high = models.BigIntegerField(null=True)
    next_order_on = models.DateField(null=True)
    next_order_amount = models.BigIntegerField(null=True)
    churn_probability = models.FloatField(null=True)
    churn_band = models.CharField(max_length=8, default="")
    reasons = models.JSONField(default=dict)
    """study → [[code, value, effect], …], strongest first: of ``segments``, ``value``, ``churn``."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "scored"], name="one_score_a_version"),)
        indexes = (
            # A list sorted by one of these, whole or of one segment, group or band, reads its page and nothing else.
            # A last column is what is often asked besides: rows that do not have it are passed over in the index.
            models.Index(fields=["scored", "amount", "customer"], name="scores_by_amount"),
            models.Index(fields=["scored", "expected_amount", "customer"], name="scores_by_expected"),
            models.Index(fields=["scored", "churn_probability", "customer"], name="scores_by_churn"),
            models.Index(fields=["scored", "last_order_at", "customer"], name="scores_by_last_order"),
            models.Index(fields=["scored", "segment", "amount", "customer"], name="scores_segment_amount"),
            models.Index(fields=["scored", "segment", "expected_amount", "customer"], name="scores_segment_expected"),
            models.Index(fields=["scored", "segment", "churn_probability", "customer"], name="scores_segment_churn"),
            models.Index(
                fields=["scored", "value_group", "amount", "customer", "churn_band"], name="scores_group_amount"
            ),
            models.Index(fields=["scored", "value_group", "churn_probability", "customer"], name="scores_group_churn"),
            models.Index(
                fields=["scored", "churn_band", "amount", "customer", "value_group"], name="scores_band_amount"
            ),
            models.Index(fields=["scored", "churn_band", "expected_amount", "customer"], name="scores_band_expected"),
            models.Index(
                fields=["scored", "amount", "customer", "is_silent"], name="scores_of_vips", condition=Q(is_vip=True)
            ),
        )


class SegmentChange(models.Model):
    """A customer in another segment than in the version before."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="segment_changes")
    scored = models.ForeignKey(ScoreVersion, on_delete=models.CASCADE, related_name="+")
    as_of = models.DateField()
    before = models.CharField(max_length=40)
    after = models.CharField(max_length=40)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "scored"], name="one_change_a_version"),)
