"""Running a handler, and writing down how it ended."""

from __future__ import annotations

import logging
import uuid

from django.conf import settings
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from guanxi_crm.core.company import company
from guanxi_crm.core.errors import Problem
from guanxi_crm.core.jobs.context import Cancelled, JobContext, LeaseLost
from guanxi_crm.core.jobs.queue import job_fail, job_finish, job_give_back, job_stop
from guanxi_crm.core.jobs.registry import handlers
from guanxi_crm.core.language import DJANGO_LANGUAGE
from guanxi_crm.core.models import Job

__all__ = ["attempt"]

_LOG = logging.getLogger(__name__)


def attempt(job_id: uuid.UUID, lease: uuid.UUID) -> int:
    """One attempt: 0 when its end is written down, 1 when it is to be tried again."""
    job = Job.objects.get(pk=job_id)
    user, language = import_string(settings.ACTOR_OF_JOB)(job)
    with translation.override(DJANGO_LANGUAGE.get(language or company().language, "en")):
        try:
            result = handlers()[job.kind](JobContext(job, lease, user))
        except Cancelled:
            if _is_cancelled(job_id):
                job_stop(job_id, lease, at=timezone.now())
            else:
                job_give_back(job_id, lease, at=timezone.now(), counted=False)
        except LeaseLost:
            _LOG.warning("job %s has passed to another worker", job_id)
        except Exception as error:
            if _is_cancelled(job_id):
                # A library that is interrupted may raise what it likes, also where it meets `Cancelled`.
                _LOG.info("job %s (%s) was stopped", job_id, job.kind, exc_info=True)
                job_stop(job_id, lease, at=timezone.now())
                return 0
            told = _problem(error)
            if told is None:
                _LOG.exception("job %s (%s) has stumbled", job_id, job.kind)
                if job.attempts < settings.JOB_ATTEMPTS:
                    return 1
                told = {"code": "crm_core.job_broke", "parameters": {"problem": type(error).__name__}}
            job_fail(job_id, lease, told, at=timezone.now())
        else:
            job_finish(job_id, lease, result, at=timezone.now())
    return 0


def _is_cancelled(job_id: uuid.UUID) -> bool:
    return Job.objects.filter(pk=job_id, cancel_asked=True).exists()


def _problem(error: Exception) -> dict[str, object] | None:
    """What people are told of it; None where the error is not one that was foreseen."""
    if isinstance(error, Problem):
        return {"sentences": {language: error.say(language) for language in ("en", "zh")}}
    # The mine's own errors say themselves in both languages, like ours; `core` does not import the mine.
    say = getattr(error, "say", None)
    return {"sentences": {language: say(language) for language in ("en", "zh")}} if say else None
