"use strict";
// Without this script everything can be read; with it the tables can be sorted.
(() => {
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
  for (const table of document.querySelectorAll(".submissions, .rates")) {
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
          const [x, y] = [key(a, column), key(b, column)];
          const isNumbers = x !== "" && y !== "" && !Number.isNaN(Number(x)) && !Number.isNaN(Number(y));
          const order = isNumbers ? Number(x) - Number(y) : x.localeCompare(y, "en", { numeric: true });
          return down ? -order : order;
        });
        table.tBodies[0].append(...sorted);
      });
    });
  }
})();
