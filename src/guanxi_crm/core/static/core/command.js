// The command bar: Ctrl/Cmd+K or "/" opens it; the server finds places, things to do and customers as one types.
"use strict";

(() => {
  const WAIT_MS = 120;
  let bar, input, list, waiting, asked, answered;
  const sought = () => input.value.trim();
  const items = () => [...list.querySelectorAll('[role="option"][href]')];

  function choose(item) {
    for (const each of items()) each.setAttribute("aria-selected", String(each === item));
    if (item) {
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  const chosen = () => items().find((item) => item.getAttribute("aria-selected") === "true");

  function move(step) {
    const all = items();
    if (all.length) choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
  }

  async function find() {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const text = sought();
    try {
      const answer = await fetch(`${bar.dataset.url}?q=${encodeURIComponent(text)}`, {
        headers: { "HX-Request": "true" }, signal,
      });
      // Signed out meanwhile: the page says so when it is loaded again.
      if (answer.redirected || !answer.ok) return location.reload();
      list.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError") list.replaceChildren();
      return;
    }
    items().forEach((item, number) => { item.id = `command-${number}`; item.tabIndex = -1; });
    choose(items()[0]);
    answered = text;
  }

  // Who types and enters at once means what he typed, not what still stands there from before.
  async function enter() {
    if (answered !== sought()) {
      clearTimeout(waiting);
      await find();
    }
    if (bar.open && answered === sought()) chosen()?.click();
  }

  function open() {
    if (bar.open || document.querySelector("dialog[open]")) return;
    input.value = "";
    answered = null;
    list.replaceChildren();
    bar.showModal();
    input.focus();
    find();
  }

  function onKey(event) {
    if (event.isComposing) return; // an input method is choosing a Chinese word
    const act = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: enter }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    bar = document.getElementById("command");
    if (!bar) return;
    input = bar.querySelector("input");
    list = bar.querySelector('[role="listbox"]');
    input.addEventListener("keydown", onKey);
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(find, WAIT_MS);
    });
    bar.addEventListener("click", (event) => { if (event.target === bar) bar.close(); });
    // What is on the same page is gone to without another being loaded.
    list.addEventListener("click", (event) => { if (event.target.closest('[role="option"][href]')) bar.close(); });
    list.addEventListener("mousemove", (event) => {
      const item = event.target.closest('[role="option"][href]');
      if (item && item !== chosen()) choose(item);
    });
    document.addEventListener("click", (event) => { if (event.target.closest("[data-command]")) open(); });
    document.addEventListener("keydown", (event) => {
      const isShortcut = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k";
      const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !guanxiKeys.isTyping(event);
      if (isShortcut || isSlash) {
        event.preventDefault();
        open();
      }
    });
  });
})();
