// Tables sort by a click on a head (up, down, as they were) and filter by a text. The page says all
// of it without this script.
for (const table of document.querySelectorAll("table[data-table]")) {
  const body = table.tBodies[0], rows = [...body.rows];
  if (rows.length < 3) continue;
  const heads = [...table.querySelectorAll("th[data-column]")];

  const value = (row, column) => {
    const cell = row.cells[column], text = (cell.dataset.value ?? cell.textContent).trim();
    const number = Number.parseFloat(text.replace(/^[<>]/, ""));
    return text === "–" || text === "" ? null : Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b
      : String(a).localeCompare(String(b), "en", { numeric: true });
  const sort = (column, down) => {
    const known = rows.filter(row => value(row, column) !== null);
    const unknown = rows.filter(row => value(row, column) === null);
    known.sort((a, b) => (down ? -1 : 1) * compare(value(a, column), value(b, column)));
    body.append(...known, ...unknown); // what is not there comes last, up and down
  };

  for (const head of heads) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.title = "Sort";
    head.append(button);
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" };
      const state = next[head.getAttribute("aria-sort") ?? "none"];
      for (const one of heads) one.removeAttribute("aria-sort");
      table.classList.toggle("sorted", state !== "none");
      if (state === "none") return body.append(...rows);
      head.setAttribute("aria-sort", state);
      sort(Number(head.dataset.column), state === "descending");
    });
  }

  if (rows.length < 8) continue;
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = `Filter ${rows.length} rows`;
  field.setAttribute("aria-label", `Filter the rows of ${table.dataset.table}`);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word));
    }
  });
  table.closest(".scroll").before(field);
}
