"""Tables of `sources`: imports and what came of each file."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

__all__ = ["Import", "ImportFile", "WarehouseSync"]


class Import(models.Model):
    """Files that somebody brings in together: uploaded, looked at (mapping, dry run), then imported by a job."""

    class State(models.TextChoices):
        LOOKING = "looking"
        """A job reads the files and guesses what their columns mean."""
        READY = "ready"
        """The guess can be looked at, corrected, tried (dry run) and confirmed."""
        IMPORTING = "importing"
        DONE = "done"
        FAILED = "failed"
        UNDONE = "undone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.LOOKING)
    job = models.ForeignKey("core.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    """The job that is at it, or was last."""
    mapping = models.TextField(default="")
    """YAML of `guanxi.intake.mapping`, as guessed or corrected."""
    timezone = models.CharField(max_length=64, default="")
    currency = models.CharField(max_length=3, default="")
    profile = models.JSONField(default=dict)
    """What the look found: per file columns, guesses, samples, quality; of the dry run, the account of rows."""
    result = models.JSONField(default=dict)
    """Of the import: per file the account of rows; snapshot; what changed in customers and orders."""
    origin = models.CharField(max_length=10, default="import")


class ImportFile(models.Model):
    """One uploaded file; its bytes are in the upload directory under ``key``."""

    delivered_in = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="files")
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    delivery_id = models.BigIntegerField(null=True)
    """In the warehouse, once it is there."""


class WarehouseSync(models.Model):
    """How far customers, products and orders follow the warehouse: one row."""

    UNKNOWN = -1
    """For ``snapshot_id``: they may be like anything, and are compared in full."""

    snapshot_id = models.BigIntegerField()
    """What they are like; moves when a synchronisation is whole."""
    target_id = models.BigIntegerField(null=True)
    """Towards this snapshot one has begun: until it is whole, some rows are like the one, some like the other."""
    synced_at = models.DateTimeField()
