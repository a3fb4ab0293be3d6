"""How long do contracts last, and what are those that last still worth? From a table of when each began and ended."""

from guanxi.studies.retention.study import Retention, retention

__all__ = ["Retention", "retention"]
