// Says in words what the picture shows of a column: for who cannot see it, on paper, and for the impact of a change.

const details = picture.querySelector(".details");

function showDetails(column) {
  if (!column) return details.replaceChildren();
  const row = document.getElementById(column), { path } = shown, impact = impactOf(column);
  const type = row.querySelector(".t").textContent;
  details.replaceChildren(
    element("h4", {}, ...breakable(column), type ? element("small", {}, ` ${type}`) : ""),
    element("p", { dir: "auto" }, row.querySelector(".d").textContent),
    element("dl", {},
      ...entry("Made of", [...path.above], "Of no other column."),
      ...entry("Rows decided by", [...new Set(path.rows.filter(([, to]) => to === tableOf.get(column)).map(([from]) => from))], ""),
      ...entry("Used by", [...path.below], "By no other column."),
      ...entry("Decides rows of", [...new Set(at(rowUsers, column).map((user) => user.table))], ""),
      ...whatBreaks(column, impact),
    ),
  );
}

function entry(title, ids, none) {
  if (!ids.length && !none) return [];
  const said = ids.length ? list(ids) : [none];
  return [element("div", {}, element("dt", {}, title), element("dd", {}, ...said))];
}

function whatBreaks(column, { named, held, columns }) {
  const title = element("dt", {}, "If it goes");
  const said = element("dd", { class: "impact" });
  if (tables.get(tableOf.get(column)).layer === "api") {
    said.append(`No build breaks, but ${count(columns.size, "column")} made of it ${columns.size === 1 ? "gets" : "get"} no new values.`);
  } else if (!named.size) {
    said.append("No other table breaks.");
  } else {
    said.append(`${count(named.size, "model")} no longer ${named.size === 1 ? "builds" : "build"}: `, ...list([...named]), ".");
    if (held.size) said.append(` ${count(held.size, "further model")} that ${held.size === 1 ? "reads" : "read"} them: `, ...list([...held]), ".");
  }
  return [element("div", {}, title, said)];
}

const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

function list(ids) {
  return ids.flatMap((id, place) => [place ? ", " : "", element("a", { href: `#${id}` }, ...breakable(id))]);
}
