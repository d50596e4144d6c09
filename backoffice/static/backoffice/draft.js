// Keeps what is being typed into a form with `data-draft`, in this tab, until it is saved: a session that
// ends meanwhile costs nothing. After signing in again the same page offers to put the text back.
"use strict";

(() => {
  const SENT = "draft-sent";
  const LATER = 300; // milliseconds without typing

  const pathOf = (address) => {
    try {
      return new URL(address).pathname;
    } catch {
      return "";
    }
  };

  const isKept = (field) =>
    field.name && field.name !== "csrfmiddlewaretoken" && !["file", "submit", "button", "password"].includes(field.type) && !/_FORMS$/.test(field.name);

  const valueOf = (field) => {
    if (["checkbox", "radio"].includes(field.type)) return field.checked;
    return field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value;
  };

  const nameOf = (field) => (field.type === "radio" ? `${field.name}=${field.value}` : field.name);

  const typedIn = (form) => Object.fromEntries([...form.elements].filter(isKept).map((field) => [nameOf(field), valueOf(field)]));

  const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  const put = (field, value) => {
    if (["checkbox", "radio"].includes(field.type)) field.checked = value;
    else if (field.multiple) for (const option of field.options) option.selected = value.includes(option.value);
    else field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.dispatchEvent(new Event("draft:restored")); // the rich-text editor listens
  };

  const restore = (form, draft) => {
    for (const field of [...form.elements].filter(isKept)) {
      const value = draft[nameOf(field)];
      if (value !== undefined && !isSame(value, valueOf(field))) put(field, value);
    }
  };

  // What was sent from here and answered by this very page is in good hands: stored, or shown again with its errors.
  const wasAnswered = (sent) => sent && pathOf(document.referrer) === sent.path;

  const forget = (keep) => {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:") && !keep(key)) sessionStorage.removeItem(key);
  };

  const offer = (banner, form, key, draft) => {
    const done = () => {
      banner.hidden = true;
      form.querySelector("input:not([type=hidden]), textarea")?.focus();
    };
    banner.querySelector("[data-draft-restore]").addEventListener("click", () => {
      restore(form, draft);
      done();
    });
    banner.querySelector("[data-draft-drop]").addEventListener("click", () => {
      sessionStorage.removeItem(key);
      done();
    });
    banner.hidden = false;
  };

  const keepUpWith = (form, key) => {
    const initial = typedIn(form);
    let later;
    const keep = (always) => {
      clearTimeout(later);
      const typed = typedIn(form);
      if (always || !isSame(typed, initial)) sessionStorage.setItem(key, JSON.stringify(typed));
    };
    for (const kind of ["input", "change"]) {
      form.addEventListener(kind, () => {
        clearTimeout(later);
        later = setTimeout(keep, LATER, false);
      });
    }
    form.addEventListener("submit", () => {
      keep(true);
      sessionStorage.setItem(SENT, JSON.stringify({ key, path: location.pathname }));
    });
    addEventListener("pagehide", () => keep(false));
  };

  document.addEventListener("DOMContentLoaded", () => {
    const sent = JSON.parse(sessionStorage.getItem(SENT) || "null");
    sessionStorage.removeItem(SENT);
    const banner = document.querySelector("[data-draft]");
    const form = banner?.closest("form");
    const key = banner && `draft:${banner.dataset.draft}:${location.pathname}`;
    const draft = JSON.parse(sessionStorage.getItem(key) || "null");
    if (wasAnswered(sent)) sessionStorage.removeItem(sent.key);
    else if (form && draft && !isSame(draft, typedIn(form))) offer(banner, form, key, draft);
    if (!form) return;
    forget((other) => other.startsWith(`draft:${banner.dataset.draft}:`)); // not for the next person in this tab
    keepUpWith(form, key);
  });
})();
