// The lineage as a graph of ids ("summary.agenda", "summary.agenda.title"), from the data in the page.

const data = JSON.parse(document.getElementById("data").textContent);

const tables = new Map(data.tables.map(([id, names]) => {
  const dot = id.indexOf(".");
  const table = { id, layer: id.slice(0, dot), name: id.slice(dot + 1), columns: names.map((name) => `${id}.${name}`) };
  return [id, table];
}));
const inOrder = [...tables.values()];
const tableOf = new Map(inOrder.flatMap((table) => table.columns.map((column) => [column, table.id])));
const nameOf = (column) => column.slice(tableOf.get(column).length + 1);
const lanes = data.lanes.map(([layer, numbers]) => ({ layer, ids: numbers.map((number) => inOrder[number].id) }));

const add = (map, key, value) => (map.has(key) ? map.get(key).push(value) : map.set(key, [value]));
const at = (map, key) => map.get(key) ?? [];

const sources = new Map(), users = new Map();
for (const [table, column, user, place] of data.values) {
  const from = inOrder[table].columns[column], to = inOrder[user].columns[place];
  add(sources, to, from);
  add(users, from, to);
}
const rowSources = new Map(), rowUsers = new Map();
for (const [table, column, user, use] of data.rows) {
  const from = inOrder[table].columns[column], to = inOrder[user].id;
  add(rowSources, to, { column: from, use });
  add(rowUsers, from, { table: to, use });
}
const reads = new Map(), readers = new Map();
for (const [table, reader] of data.reads) {
  add(reads, inOrder[reader].id, inOrder[table].id);
  add(readers, inOrder[table].id, inOrder[reader].id);
}

/** Everything that can be reached from some ids, without them, each once and in the order of reaching it. */
function reach(starts, next) {
  const found = new Set(), queue = [...starts];
  while (queue.length) {
    for (const each of at(next, queue.shift())) {
      if (!found.has(each) && !starts.includes(each)) {
        found.add(each);
        queue.push(each);
      }
    }
  }
  return found;
}

/**
 * The path of a column in both directions.
 *
 * values: the edges between columns that values pass; rows: the edges from a column to a table whose rows it decides;
 * lit: the columns that values pass; joins: the columns that only decide rows; tables: where any of them are.
 */
function pathOf(column) {
  const above = reach([column], sources), below = reach([column], users);
  const lit = new Set([column, ...above, ...below]), joins = new Set(), rows = [];
  const values = [];
  for (const side of [new Set([column, ...above]), new Set([column, ...below])]) {
    for (const to of side) {
      for (const from of at(sources, to)) if (side.has(from)) values.push([from, to]);
    }
  }
  for (const table of new Set([column, ...above].map((each) => tableOf.get(each)))) {
    for (const each of at(rowSources, table)) rows.push([each.column, table]);
  }
  for (const each of [column, ...below]) {
    for (const user of at(rowUsers, each)) rows.push([each, user.table]);
  }
  for (const [from] of rows) if (!lit.has(from)) joins.add(from);
  const where = [...lit, ...joins].map((each) => tableOf.get(each));
  return { above, below, lit, joins, values, rows, tables: new Set([...where, ...rows.map(([, table]) => table)]) };
}

/**
 * What breaks if a column goes: the models that name it, and those that are built from them.
 *
 * The API's fields are in nobody's SQL: where one goes, the columns that are made of it get no new values.
 */
function impactOf(column) {
  const named = new Set();
  if (tables.get(tableOf.get(column)).layer !== "api") {
    for (const user of at(users, column)) named.add(tableOf.get(user));
    for (const user of at(rowUsers, column)) named.add(user.table);
  }
  return { named, held: reach([...named], readers), columns: reach([column], users) };
}
