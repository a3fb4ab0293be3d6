// Two have changed the same customer: “take theirs” puts the value that is there now into the form.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take]");
  if (!button) return;
  const control = document.getElementById(button.dataset.take);
  if (!control) return;
  control.value = button.dataset.value;
  control.focus();
  button.closest("tr").classList.add("table-active");
});
