"""The WSGI application as granian's process loads it: it ends when the server that started it is gone."""

from __future__ import annotations

import os

from guanxi_crm.core.process import end_with_parent
from guanxi_crm.wsgi import application

__all__ = ["application"]

end_with_parent(os.getppid())
