// Moves "now and next" with the reader's clock. Without it, the page shows what was on when it was made.

const data = JSON.parse(document.getElementById("now-data").textContent);
const { texts, zone } = data;
const clock = new Intl.DateTimeFormat("en-CA", {
  timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** What the clock of the event shows: its date and its time. */
function local(at) {
  const parts = Object.fromEntries(clock.formatToParts(at).map((part) => [part.type, part.value]));
  return [`${parts.year}-${parts.month}-${parts.day}`, `${parts.hour}:${parts.minute}`];
}

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const title = (slot) => element("bdi", "", slot[2] ?? texts.untitled);
const isOn = (slot, at) => slot[0] <= at && at < slot[1];

function now(slots) {
  if (!slots.length) return [element("span", "muted", texts["now.free"])];
  return slots.map((slot) => element("span", "slot", element("b", "", title(slot)), " ", element("span", "muted", fill(texts["now.until"], { time: slot[4] }))));
}

function next(slot, today) {
  if (!slot) return [element("span", "muted", texts["now.last"])];
  const when = slot[5] === today ? slot[3] : fill(texts.moment, { day: texts.days[slot[5]], time: slot[3] });
  return [element("span", "slot", element("span", "at", when), " ", title(slot))];
}

function state(today, at, isOver) {
  if (isOver) return texts["now.over"];
  const days = data.firstDay ? Math.round((Date.parse(data.firstDay) - Date.parse(today)) / 86400000) : 0;
  if (days > 0) return fill(texts[days === 1 ? "now.before.one" : "now.before.many"], { number: days });
  const on = data.breaks.filter((slot) => isOn(slot, at));
  return on.map((slot) => fill(texts["now.break"], { title: slot[2] ?? texts.untitled, time: slot[4] })).join(" ");
}

function show() {
  const at = Date.now(), [today, time] = local(at);
  const rows = document.querySelectorAll("#now-table tbody tr");
  let isOver = true;
  data.halls.forEach((slots, place) => {
    const on = slots.filter((slot) => isOn(slot, at)), later = slots.find((slot) => slot[0] > at);
    isOver &&= !on.length && !later;
    rows[place].children[1].replaceChildren(...now(on));
    rows[place].children[2].replaceChildren(...next(later, today));
  });
  document.getElementById("now-table").hidden = isOver;
  document.getElementById("now-state").textContent = state(today, at, isOver);
  const moment = fill(texts.moment, { day: texts.days[today] ?? today, time });
  document.getElementById("now-at").textContent = fill(texts["now.live"], { moment, zone });
}

show();
setInterval(show, 15000);
document.addEventListener("visibilitychange", () => document.hidden || show());
