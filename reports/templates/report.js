"use strict";
// Without this script everything can be read; with it the table can be searched, narrowed and sorted.
(() => {
  const form = document.getElementById("filter");
  const body = document.querySelector("#table tbody");
  const rows = [...body.rows];
  const articles = new Map([...document.querySelectorAll("article")].map((a) => [a.dataset.case, a]));
  const filter = () => {
    const text = form.elements.text.value.trim().toLowerCase();
    const verdicts = new Set([...form.querySelectorAll("[name=verdict]:checked")].map((box) => box.value));
    let shown = 0;
    for (const row of rows) {
      const article = articles.get(row.dataset.case);
      const fits = verdicts.has(row.dataset.verdict)
        && (text === "" || row.textContent.toLowerCase().includes(text) || article.textContent.toLowerCase().includes(text));
      row.hidden = !fits;
      article.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    document.getElementById("shown").textContent = `${shown} of ${rows.length} cases shown`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
  const key = (row, column) => {
    const cell = row.cells[column];
    const value = cell.dataset.sort ?? cell.textContent;
    return /^\d+$/.test(value) ? Number(value) : value;
  };
  [...document.querySelectorAll("#table thead th")].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => {
        const [x, y] = [key(a, column), key(b, column)];
        const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
        return down ? -order : order;
      });
      body.append(...rows);
    });
  });
{% include "unfold.js" %}})();
