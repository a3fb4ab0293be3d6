"""Tables of `core`: the company itself, the audit trail, jobs and their schedules, undo."""

from guanxi_crm.core.models.audit import AuditEntry
from guanxi_crm.core.models.company import Company
from guanxi_crm.core.models.jobs import Job, JobState, Schedule
from guanxi_crm.core.models.undo import Undo

__all__ = ["AuditEntry", "Company", "Job", "JobState", "Schedule", "Undo"]
