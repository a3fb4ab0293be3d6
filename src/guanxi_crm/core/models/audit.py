"""The audit trail: who changed what, from what to what, when, through which door."""

from __future__ import annotations

from django.conf import settings
from django.db import models

__all__ = ["AuditEntry"]


class AuditEntry(models.Model):
    """One change of one record. Written by `guanxi_crm.core.audit.log` in the transaction of the change itself."""

    at = models.DateTimeField(db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    user_name = models.CharField(max_length=200)
    """As it was then; stays when the user is gone."""
    door = models.CharField(max_length=10)
    kind = models.CharField(max_length=40)
    """Name of the record type."""
    record_id = models.CharField(max_length=64)
    """Empty where many records were changed at once: ``note`` says which and how many."""
    record_name = models.CharField(max_length=200, default="")
    action = models.CharField(max_length=40)
    changes = models.JSONField(default=dict)
    """field → [before, after]; readers see the fields that they may see."""
    note = models.JSONField(default=dict)
    """What else belongs to it: how many records, the file, the job."""

    class Meta:
        indexes = (models.Index(fields=["kind", "record_id", "-at"], name="audit_of_record"),)
        ordering = ("-at", "-id")
