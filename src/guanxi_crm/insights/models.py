"""Tables of `insights`: runs of studies, what each found, and what is published of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from guanxi_crm.core.models import JobState

__all__ = ["ProductRule", "RuleItem", "Run", "StudyResult"]


class Run(models.Model):
    """One run of studies on one snapshot as of one date."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    job = models.ForeignKey("core.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    studies = models.JSONField(default=list)
    as_of = models.DateField(null=True)
    """Empty until it runs: the day after the last event."""
    horizon_days = models.PositiveIntegerField(default=90)
    snapshot_id = models.BigIntegerField(null=True)
    published = models.OneToOneField("customers.ScoreVersion", null=True, on_delete=models.SET_NULL, related_name="run")
    result = models.JSONField(default=dict)
    """What was found beside the studies' own documents (`guanxi_crm.insights.work.found`): advice, movement, account of
    rows, seconds and memory by stage. Empty until the mine has answered."""

    @property
    def state_now(self) -> str:
        """Where it is: what its job says of it as long as the run itself has not come to an end.

        A job may end without its handler: cancelled while it waited, given up after it was killed too often.
        """
        if self.state not in {self.State.QUEUED, self.State.RUNNING}:
            return self.state
        if self.job is None:
            return self.State.FAILED
        return self.State.FAILED if self.job.state == JobState.DONE else self.job.state

    @property
    def is_under_way(self) -> bool:
        """Whether a job is at it: mining, or publishing what was mined."""
        return self.job is not None and not self.job.is_over


class StudyResult(models.Model):
    """What one study of a run found: its document as data, to be shown in either language."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="results")
    study = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField()
    grade = models.CharField(max_length=1, default="")
    """A … D on later data; empty for a study that only counts."""
    summary = models.JSONField(default=dict)
    """Per language what a card shows: ``finding``, one sentence, and ``facts``, the headline figures."""
    document = models.JSONField(default=dict)
    """Per language the report's part of this study: sections, figures, charts (ECharts options), tables, advice."""
    judgement = models.JSONField(default=dict)
    """``cutoff``, ``explained`` per language, ``comparisons`` with the plain baseline; empty for one that counts."""
    missing = models.JSONField(default=dict)
    """What the study said is missing, per language."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "study"], name="one_result_a_study"),)
        indexes = (models.Index(fields=["study", "-run"], name="results_of_study"),)


class ProductRule(models.Model):
    """Who has bought these also buys that: of the published run's affinity."""

    scored = models.ForeignKey("customers.ScoreVersion", on_delete=models.CASCADE, related_name="rules")
    antecedent = models.JSONField()
    """Product codes."""
    size = models.PositiveSmallIntegerField(default=1)
    """How many they are."""
    consequent = models.CharField(max_length=200)
    consequent_name = models.CharField(max_length=300, default="")
    count = models.IntegerField()
    confidence = models.FloatField()
    lift = models.FloatField()


class RuleItem(models.Model):
    """One product on the left of a rule: how the rules of a customer's purchases are found."""

    rule = models.ForeignKey(ProductRule, on_delete=models.CASCADE, related_name="items")
    scored_id = models.BigIntegerField()
    product_code = models.CharField(max_length=200)

    class Meta:
        indexes = (models.Index(fields=["scored_id", "product_code"], name="rules_of_product"),)
