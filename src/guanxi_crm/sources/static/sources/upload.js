// The upload: files dropped or chosen, their names, a bar of how far it is. Without this script the form works by itself.
"use strict";
(() => {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-upload-drop]");
  const names = form.querySelector("[data-upload-names]");
  const problem = form.querySelector("[data-upload-problem]");
  const progress = form.querySelector("[data-upload-progress]");
  const bar = progress.querySelector("progress");
  const button = form.querySelector("button[type=submit]");

  const show = () => {
    names.replaceChildren(
      ...Array.from(input.files, (file) => {
        const item = document.createElement("li");
        item.textContent = `${file.name} (${(file.size / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB)`;
        return item;
      }),
    );
  };
  const refuse = (sentence) => {
    problem.textContent = sentence;
    problem.hidden = false;
    progress.hidden = true;
    button.disabled = false;
    problem.scrollIntoView({ block: "nearest" });
  };

  input.addEventListener("change", show);
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("border-primary");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("border-primary"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      show();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.hidden = true;
    progress.hidden = false;
    button.disabled = true;
    const request = new XMLHttpRequest();
    request.open("POST", form.action || location.href);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (told) => {
      if (told.lengthComputable) bar.value = (100 * told.loaded) / told.total;
      else bar.removeAttribute("value");
    });
    request.addEventListener("load", () => {
      const answer = request.response || {};
      if (answer.url) location.assign(answer.url);
      else refuse(answer.detail || form.dataset.broken);
    });
    request.addEventListener("error", () => refuse(form.dataset.broken));
    request.send(new FormData(form));
  });
})();
