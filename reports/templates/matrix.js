"use strict";
// Without this script everything can be read; with it the requirements can be searched and narrowed.
(() => {
  const form = document.getElementById("filter");
  const tables = [...document.querySelectorAll(".requirements")];
  const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
  const filter = () => {
    const text = form.elements.text.value.trim().toLowerCase();
    const isAsked = (name) => form.elements[name] !== undefined && form.elements[name].checked;
    let shown = 0;
    for (const row of rows) {
      const fits = (!isAsked("wrong") || "wrong" in row.dataset)
        && (!isAsked("differs") || "differs" in row.dataset)
        && (text === "" || row.textContent.toLowerCase().includes(text));
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    for (const table of tables) {
      const isEmpty = [...table.tBodies[0].rows].every((row) => row.hidden);
      table.parentElement.hidden = isEmpty;
      table.parentElement.previousElementSibling.hidden = isEmpty;
    }
    document.getElementById("shown").textContent = `${shown} of ${rows.length} requirements shown`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
  for (const table of tables) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sorted = [...table.tBodies[0].rows].sort((a, b) => {
          const order = a.cells[column].textContent.localeCompare(b.cells[column].textContent, "en", { numeric: true });
          return down ? -order : order;
        });
        table.tBodies[0].append(...sorted);
      });
    });
  }
{% include "unfold.js" %}})();
