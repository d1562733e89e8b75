// Search as you type, over the names and descriptions of tables and columns.

const input = document.getElementById("search"), results = document.getElementById("results");
const MOST = 40; // results: who needs more types another word
const BONUS = { summary: 8, history: 6, staging: 4, raw: 2, api: 0 };
let index = null, found = [], active = -1;

/** What can be found: read from the page when it is first searched. */
function entries() {
  const text = (node) => node?.textContent.trim() ?? "";
  index ??= inOrder.flatMap((table) => {
    const article = document.getElementById(table.id);
    const own = { id: table.id, name: table.name, about: text(article.querySelector(".lead")), bonus: BONUS[table.layer] + 1 };
    const columns = table.columns.map((id) => ({
      id, name: nameOf(id), table: table.name.toLowerCase(), about: text(document.getElementById(id).querySelector(".d")), bonus: BONUS[table.layer],
    }));
    return [own, ...columns].map((each) => ({ ...each, low: each.id.toLowerCase(), text: each.about.toLowerCase() }));
  });
  return index;
}

function score(entry, terms) {
  const name = entry.name.toLowerCase();
  let sum = entry.bonus;
  for (const term of terms) {
    if (name === term || entry.low === term) sum += 100;
    else if (name.startsWith(term)) sum += 60;
    else if (entry.table === term) sum += 55;
    else if (name.includes(`_${term}`)) sum += 45;
    else if (name.includes(term)) sum += 35;
    else if (entry.low.includes(term)) sum += 20;
    else if (entry.text.includes(term)) sum += 5;
    else return 0;
  }
  return sum;
}

function search() {
  const terms = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const scored = terms.length ? entries().map((entry) => [score(entry, terms), entry]).filter(([points]) => points) : [];
  scored.sort(([a, first], [b, second]) => b - a || (first.id < second.id ? -1 : 1));
  found = scored.slice(0, MOST).map(([, entry]) => entry);
  active = -1;
  const options = found.map((entry, place) => {
    const option = element("li", { role: "option", id: `result-${place}`, "aria-selected": "false" });
    option.append(element("span", { class: "id" }, ...marked(entry.id, terms)), element("span", { class: "about", dir: "auto" }, ...marked(entry.about, terms)));
    option.addEventListener("pointerdown", (event) => event.preventDefault());
    option.addEventListener("click", () => go(entry.id));
    return option;
  });
  const nothing = element("li", { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "nothing" }, "Nothing found.");
  results.replaceChildren(...(terms.length && !options.length ? [nothing] : options));
  show(terms.length > 0);
}

/** The text in pieces, with what was searched for in mark elements. */
function marked(text, terms) {
  const low = text.toLowerCase();
  if (low.length !== text.length) return [text]; // a few letters have another length in lower case
  const first = terms.map((term) => [low.indexOf(term), term.length]).filter(([place]) => place >= 0).sort(([a], [b]) => a - b);
  const parts = [];
  let end = 0;
  for (const [place, length] of first) {
    if (place < end) continue;
    parts.push(text.slice(end, place), element("mark", {}, text.slice(place, place + length)));
    end = place + length;
  }
  return [...parts, text.slice(end)];
}

function show(open) {
  results.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
  if (!open) input.removeAttribute("aria-activedescendant");
}

function go(id) {
  show(false);
  input.value = "";
  input.blur();
  location.hash = `#${id}`;
}

function move(by) {
  if (!found.length) return;
  results.children[active]?.setAttribute("aria-selected", "false");
  active = (active + by + found.length + (active < 0 && by < 0 ? 1 : 0)) % found.length;
  const option = results.children[active];
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

input.addEventListener("input", search);
input.addEventListener("focus", () => input.value && search());
input.addEventListener("blur", () => show(false));
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter" && found.length) go(found[Math.max(active, 0)].id);
  else if (event.key === "Escape") {
    if (!input.value) input.blur();
    input.value = "";
    search();
  } else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea")) return;
  event.preventDefault();
  input.focus();
});
