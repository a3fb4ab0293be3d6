"""The company whose CRM this is: one row."""

from __future__ import annotations

from django.db import models

__all__ = ["Company"]


class Company(models.Model):
    """What holds for the whole company. Its clock decides what a day is, its currency what an amount is."""

    name = models.CharField(max_length=200, default="")
    timezone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="")
    """ISO 4217; empty until the first import has told."""
    language = models.CharField(max_length=2, default="en")
    """Of mails and jobs, where nobody's own is known."""
    has_demo = models.BooleanField(default=False)
    """Whether the simulated company is loaded."""

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="one_company"),)
