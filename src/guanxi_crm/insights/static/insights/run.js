// What is under way: its stages are ticked off, and when it ends the page is loaded anew, to show what was found.
"use strict";

(() => {
  const OVER = ["done", "failed", "cancelled"];

  function tick(job) {
    const steps = [...document.querySelectorAll("[data-step]")];
    const place = steps.findIndex((step) => step.dataset.step === job.dataset.stage);
    // A stage that is not among them (a study that another one reads) leaves everything as it is.
    if (place < 0) return;
    steps.forEach((step, number) => {
      step.classList.toggle("is-done", number < place);
      if (number === place) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
  }

  function look(root) {
    const job = root.matches?.("[data-watched] .job") ? root : root.querySelector?.("[data-watched] .job");
    if (job && OVER.includes(job.dataset.state)) location.reload();
    else if (job) tick(job);
  }

  document.addEventListener("DOMContentLoaded", () => look(document));
  document.addEventListener("htmx:load", (event) => look(event.detail.elt));
})();
