// Shows what the address names: all tables, the lineage, one table, or one column of it.

const pageTitle = document.title;
const root = document.documentElement, notice = document.getElementById("notice");
let isFirst = true;

function address() {
  const said = location.hash.slice(1);
  try {
    return decodeURIComponent(said);
  } catch {
    return said; // a stray % is part of no name, and is reported as one that is not there
  }
}

function route() {
  const said = address();
  const [view, inPicture] = said.startsWith("lineage:") ? ["lineage", said.slice(8)] : [said || "home", null];
  const column = [inPicture, view].find((each) => tableOf.has(each)) ?? null;
  const table = view === "lineage" || view === "home" ? null : column ? tableOf.get(column) : tables.has(view) ? view : undefined;
  const known = table !== undefined && (inPicture === null || column !== null);
  const open = table === undefined ? "home" : table ?? view;
  for (const each of document.querySelectorAll(".view.current, tr.chosen, .side [aria-current], .bar [aria-current]")) {
    each.classList.remove("current", "chosen");
    each.removeAttribute("aria-current");
  }
  const section = document.getElementById(open);
  section.classList.add("current");
  for (const link of document.querySelectorAll(`.side a[href="#${CSS.escape(open)}"], .bar a[data-view="${CSS.escape(open)}"]`)) {
    link.setAttribute("aria-current", "page");
  }
  document.title = open === "home" ? pageTitle : `${column ?? open} – ${pageTitle}`;
  notice.classList.toggle("vh", known);
  notice.textContent = known ? "" : `This catalogue has no “${inPicture ?? said}”. These are its tables.`;
  const place = section.querySelector(".picture-place");
  picture.hidden = !place;
  if (place) {
    if (picture.parentElement !== place) place.append(picture);
    draw(open === "lineage" ? null : open, column);
    showDetails(column);
    if (column && table) document.getElementById(column).classList.add("chosen");
  }
  settle(section);
}

/** Leave the focus where somebody works in the picture; else go to the beginning of what was opened. */
function settle(section) {
  if (keepFocus) {
    focusOn(keepFocus);
    keepFocus = null;
  } else if (!isFirst) {
    section.querySelector("h2").focus({ preventScroll: true });
    scrollTo(0, 0);
  } else if (location.hash) {
    requestAnimationFrame(() => scrollTo(0, 0)); // the browser scrolls to the row of a column
  }
  isFirst = false;
}

function age() {
  const minutes = Math.round((Date.now() - Date.parse(document.getElementById("made-at").dateTime)) / 60000);
  const [number, unit] = minutes < 90 ? [minutes, "minute"] : minutes < 2880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  const said = new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-number, unit);
  document.getElementById("age").textContent = minutes < 1 ? "That is just now." : `That was ${said}.`;
}

let wereOpen = [];
addEventListener("beforeprint", () => {
  wereOpen = [...document.querySelectorAll(".current details:not([open])")];
  wereOpen.forEach((each) => each.setAttribute("open", ""));
});
addEventListener("afterprint", () => wereOpen.forEach((each) => each.removeAttribute("open")));
addEventListener("hashchange", route);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main-content").focus();
});
root.classList.add("script");
age();
route();
