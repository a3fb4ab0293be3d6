"""Work in the background that survives a kill at any moment.

A job is a row (`guanxi_crm.core.models.Job`). A worker takes it with a **lease**, runs its handler in a child process
of its own (so that an idle installation holds none of the mining libraries in memory), renews the lease while the
child lives, and ends it. Whoever dies leaves a lease that runs out; the job is then taken up again. A handler is
therefore written to be done twice, and writes through `JobContext.transaction`, which refuses where the lease is no
longer its own.

`registry` names the handlers, `queue` moves jobs from state to state, `worker` is the process that runs them,
`attempt` is what happens in the process of one (`guanxi_crm.core.job_process`), `schedule` queues what is due again.
"""

from guanxi_crm.core.jobs.context import Cancelled, JobContext, LeaseLost
from guanxi_crm.core.jobs.queue import job_cancel, job_enqueue
from guanxi_crm.core.jobs.registry import Handler, handlers, handles

__all__ = ["Cancelled", "Handler", "JobContext", "LeaseLost", "handlers", "handles", "job_cancel", "job_enqueue"]
