"""What can be taken back for a while: the values before a bulk change."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

__all__ = ["Undo"]


class Undo(models.Model):
    """How to take one action back. Only who did it may, and only as long as nobody has changed the values since."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    before = models.JSONField()
    at = models.DateTimeField(db_index=True)
    undone_at = models.DateTimeField(null=True)
