/* Conveniences for readers. Without this file every page works by its links and buttons. */
"use strict";

const post = (form, button) => {
  const body = new FormData(form);
  if (button) body.set(button.name, button.value);
  return fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
};

const showUnread = (count) => {
  for (const number of document.querySelectorAll("[data-unread]")) {
    number.textContent = count;
    number.closest("[data-badge]").hidden = count === "0";
  }
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count === "0" ? title : `(${count}) ${title}`;
};

/* A notice counts as opened when its page is in sight, not when something fetched it. */
const opened = document.querySelector("[data-opened]");
const reportOpened = async () => {
  if (document.visibilityState !== "visible") return;
  document.removeEventListener("visibilitychange", reportOpened);
  try {
    const response = await post(opened);
    if (response.status === 204) showUnread(response.headers.get("X-Unread-Count"));
    if (response.status === 409) document.querySelector("[data-changed]").hidden = false;
  } catch {
    document.addEventListener("visibilitychange", reportOpened); // no network: when the page is looked at again
  }
};
if (opened) {
  document.addEventListener("visibilitychange", reportOpened);
  reportOpened();
}

document.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-favourite]")) return;
  event.preventDefault();
  const button = event.submitter;
  const response = await post(event.target, button).catch(() => null);
  if (response && response.status !== 204) location.reload(); // it went off show, or the session ended
  if (response?.status !== 204) return;
  const isFavourite = button.value === "1";
  button.setAttribute("aria-pressed", isFavourite);
  button.value = isFavourite ? "0" : "1";
});

/* “Show more” adds to the list instead of leaving it. */
document.addEventListener("click", async (event) => {
  const more = event.target.closest("[data-more]");
  if (!more || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const response = await fetch(more.href).catch(() => null);
  const page = response?.ok && new DOMParser().parseFromString(await response.text(), "text/html");
  const rows = page ? [...page.querySelectorAll("[data-list] > li")] : [];
  if (!rows.length) return location.assign(more.href);
  document.querySelector("[data-list]").append(...rows);
  const next = page.querySelector("[data-more]");
  if (next) more.href = next.getAttribute("href");
  else more.remove();
  rows.find((row) => row.matches(".row")).querySelector("a").focus({ preventScroll: true });
});

const menu = document.querySelector("[data-menu]");
document.addEventListener("click", (event) => menu?.contains(event.target) || menu?.removeAttribute("open"));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

/* Back from a notice: a list kept in memory would still show it as unread. */
addEventListener("pageshow", (event) => event.persisted && location.reload());
