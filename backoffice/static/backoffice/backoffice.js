// Names what the libraries leave without a name, for people who hear the page instead of seeing it.
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

document.addEventListener("DOMContentLoaded", () => {
  nameSearchBoxes();
  new MutationObserver(nameSearchBoxes).observe(document.body, { childList: true, subtree: true });
});
