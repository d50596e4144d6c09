// Small helps on the back office's forms. Most name what the libraries leave without a name, for people who hear the page.
"use strict";

const fieldLabel = (select) => select?.labels?.[0]?.textContent.trim() || select?.getAttribute("aria-label") || select?.name || "";

const nameSearchBoxes = () => {
  for (const box of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
    const select = box.closest(".select2-container")?.previousElementSibling;
    const open = document.querySelector(".select2-container--open")?.previousElementSibling;
    const label = fieldLabel(select?.matches("select") ? select : open);
    if (label) box.setAttribute("aria-label", label);
  }
};

const nameSelections = () => {
  for (const selection of document.querySelectorAll(".select2-selection--single:not([data-named])")) {
    const select = selection.closest(".select2-container").previousElementSibling;
    const label = select?.labels?.[0];
    const shown = selection.querySelector(".select2-selection__rendered");
    if (!label || !shown) continue;
    label.id ||= `${select.id}-label`;
    selection.dataset.named = "";
    selection.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    shown.setAttribute("aria-labelledby", label.id);
  }
};

const nameThemAll = () => {
  nameSearchBoxes();
  nameSelections();
};

// A new notice in a category that asks for acknowledgement begins with the box ticked; the author may untick it.
const tickForCategory = () => {
  const box = document.querySelector("[data-ticked-for]");
  const category = document.querySelector("#id_category");
  category?.addEventListener("change", () => {
    if (box) box.checked = box.dataset.tickedFor.split(" ").includes(category.value);
  });
};

document.addEventListener("DOMContentLoaded", () => {
  tickForCategory();
  nameThemAll();
  new MutationObserver(nameThemAll).observe(document.body, { childList: true, subtree: true });
});
