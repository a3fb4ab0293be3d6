// When the job that is being watched ends, the page is loaded anew: what it found stands there then.
"use strict";

document.addEventListener("htmx:load", (event) => {
  const job = event.detail.elt.closest?.("[data-watched] .job");
  if (job && ["done", "failed", "cancelled"].includes(job.dataset.state)) location.reload();
});
