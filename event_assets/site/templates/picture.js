// Draws the lineage: a lane for each layer, a card for each table, a line for each edge. Keys follow the lines.

const FEW = 10; // columns that the card of a table shows before somebody asks for all of them
const picture = document.getElementById("picture");
const canvas = picture.querySelector(".canvas");
const clear = document.getElementById("clear");
const shown = { focus: null, column: null, path: null, open: new Set(), nodes: new Map() };

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A name that may break after its underscores and dots. */
function breakable(name) {
  return name.split(/(?<=[_.])(?=[^_.])/).flatMap((part, place) => (place ? [document.createElement("wbr"), part] : [part]));
}

/** Draw the tables around one (or all of them, for null), and the path of a column if one is chosen. */
function draw(focus, column) {
  if (shown.focus !== focus) shown.open.clear();
  Object.assign(shown, { focus, column, path: column ? pathOf(column) : null });
  clear.hidden = !column;
  picture.classList.toggle("has-path", Boolean(column));
  const visible = visibleTables();
  shown.nodes.clear();
  const parts = lanes
    .map((lane) => ({ layer: lane.layer, ids: lane.ids.filter((id) => visible.has(id)) }))
    .filter((lane) => lane.ids.length);
  const drawn = parts.map((lane, place) => {
    const again = place > 0 && parts[place - 1].layer === lane.layer;
    const title = element("p", { class: "lane-title" }, again ? "" : lane.layer);
    return element("div", { class: `lane ${lane.layer}` }, title, ...lane.ids.map(card));
  });
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  lines.setAttribute("aria-hidden", "true");
  canvas.replaceChildren(lines, ...drawn);
  drawLines(lines);
  bringIntoView(column ?? focus);
}

/** Scroll the canvas, and not the page, to what was chosen. */
function bringIntoView(id) {
  const node = shown.nodes.get(id) ?? shown.nodes.get(tableOf.get(id));
  if (!node) return;
  const { left, right, top, bottom } = node.getBoundingClientRect(), box = canvas.getBoundingClientRect();
  if (right > box.right || left < box.left) canvas.scrollLeft += (left + right - box.left - box.right) / 2;
  if (bottom > box.bottom || top < box.top) canvas.scrollTop += (top + bottom - box.top - box.bottom) / 2;
}

document.getElementById("show-rows").addEventListener("change", (event) => {
  canvas.classList.toggle("no-rows", !event.target.checked);
  redraw();
});

function visibleTables() {
  if (shown.path) return shown.path.tables;
  if (!shown.focus) return new Set(tables.keys());
  return new Set([shown.focus, ...reach([shown.focus], reads), ...reach([shown.focus], readers)]);
}

function card(id) {
  const table = tables.get(id), { path, open } = shown;
  const marked = table.columns.filter((each) => path && (path.lit.has(each) || path.joins.has(each)));
  const few = !path && id === shown.focus ? table.columns.slice(0, FEW) : marked;
  const listed = open.has(id) ? table.columns : few;
  const head = element("a", { class: "name", href: `#${id}` }, ...breakable(table.name));
  const more = element("button", { type: "button", class: "more", "aria-expanded": String(open.has(id)) });
  more.append(open.has(id) ? "fewer" : `${few.length ? "all " : ""}${table.columns.length}`);
  more.setAttribute("aria-label", `${open.has(id) ? "Fewer" : "All"} columns of ${id}`);
  more.addEventListener("click", () => toggle(id));
  const top = element("div", { class: "card-head" }, head, few.length < table.columns.length ? more : "");
  const list = element("ul", {}, ...listed.map((each) => element("li", {}, columnButton(each))));
  const made = element("div", { class: `card${id === shown.focus ? " focus" : ""}` }, top, listed.length ? list : "");
  if (path?.rows.some(([, to]) => to === id)) made.classList.add("has-rows");
  shown.nodes.set(id, top);
  return made;
}

function columnButton(id) {
  const { path, column } = shown;
  const kind = path?.lit.has(id) ? "lit" : path?.joins.has(id) ? "join" : "plain";
  const button = element("button", { type: "button", class: `column ${kind}`, "aria-pressed": String(id === column) });
  button.append(...breakable(nameOf(id)));
  if (kind === "join") button.append(element("span", { class: "vh" }, ", decides which rows there are"));
  button.dataset.column = id;
  button.addEventListener("click", () => choose(id));
  shown.nodes.set(id, button);
  return button;
}

function toggle(id) {
  shown.open.has(id) ? shown.open.delete(id) : shown.open.add(id);
  draw(shown.focus, shown.column);
  shown.nodes.get(id).querySelector("button")?.focus();
}

/** Choose a column, in the view that is open: the address says which, and the page follows the address. */
function choose(id) {
  const address = shown.focus === null ? `#lineage:${id}` : `#${id}`;
  keepFocus = id;
  if (location.hash === address) route();
  else location.hash = address;
}
let keepFocus = null;

function drawLines(svg) {
  const box = canvas.getBoundingClientRect();
  const place = (node) => {
    const { left, right, top, height } = node.getBoundingClientRect();
    return [left - box.left + canvas.scrollLeft, right - box.left + canvas.scrollLeft, top + height / 2 - box.top + canvas.scrollTop];
  };
  const places = new Map();
  const placeOf = (id) => {
    const node = shown.nodes.get(id) ?? shown.nodes.get(tableOf.get(id));
    if (node && !places.has(node)) places.set(node, place(node));
    return places.get(node);
  };
  svg.setAttribute("width", canvas.scrollWidth);
  svg.setAttribute("height", canvas.scrollHeight);
  const line = (from, to, kind) => {
    const start = placeOf(from), end = placeOf(to);
    if (!start || !end || start === end) return "";
    const bend = Math.max(18, (end[0] - start[1]) / 2);
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", `M${start[1]} ${start[2]}C${start[1] + bend} ${start[2]} ${end[0] - bend} ${end[2]} ${end[0]} ${end[2]}`);
    path.setAttribute("class", kind);
    path.dataset.from = from;
    path.dataset.to = to;
    return path;
  };
  const { path } = shown;
  if (path) svg.append(...path.rows.map(([a, b]) => line(a, b, "rows")), ...path.values.map(([a, b]) => line(a, b, "value")));
  else for (const [table, from] of reads) svg.append(...from.map((each) => (shown.nodes.has(table) ? line(each, table, "table") : "")));
}

function redraw() {
  const svg = canvas.querySelector("svg");
  if (!svg || !canvas.offsetParent) return;
  svg.setAttribute("width", 0); // or the canvas never becomes narrower again
  svg.setAttribute("height", 0);
  svg.replaceChildren();
  drawLines(svg);
}

new ResizeObserver(redraw).observe(canvas);

clear.addEventListener("click", showAll);

function showAll() {
  const from = shown.column;
  location.hash = shown.focus === null ? "#lineage" : `#${shown.focus}`;
  keepFocus = from;
}

canvas.addEventListener("keydown", (event) => {
  const here = event.target.closest("button, a");
  if (!here) return;
  if (event.key === "Escape" && shown.column) showAll();
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") step(here, event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "ArrowLeft") follow(here, sources, reads);
  else if (event.key === "ArrowRight") follow(here, users, readers);
  else return;
  event.preventDefault();
});

/** Go up or down within a lane. */
function step(here, by) {
  const all = [...here.closest(".lane").querySelectorAll("button, a")];
  all[all.indexOf(here) + by]?.focus();
}

/** Follow a line: from a column to one that it is made of, or that is made of it; from a table likewise. */
function follow(here, byColumn, byTable) {
  const id = here.dataset.column;
  if (!id) {
    const table = here.closest(".card-head").querySelector(".name").getAttribute("href").slice(1);
    at(byTable, table).map((each) => shown.nodes.get(each)).find(Boolean)?.querySelector("a").focus();
    return;
  }
  const next = at(byColumn, id)[0];
  if (!next) return;
  if (!shown.nodes.has(next)) draw(shown.focus, id); // its path was not drawn yet
  focusOn(next);
}

function focusOn(id) {
  const node = shown.nodes.get(id);
  if (!node) return;
  node.focus({ preventScroll: true });
  node.scrollIntoView({ block: "nearest", inline: "nearest" });
}
