// Moving about.

function show(begin, end) {
  const least = 2, span = Math.min(Math.max(end - begin, least), data.end);
  from = Math.min(Math.max(begin, 0), data.end - span);
  to = from + span;
  redraw();
}
function zoom(factor, around = (from + to) / 2) {
  show(around - (around - from) * factor, around + (to - around) * factor);
}

frame.addEventListener("scroll", redraw);
addEventListener("resize", redraw);
frame.addEventListener("wheel", (event) => {
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    const by = (event.deltaX || event.deltaY) / width() * (to - from);
    show(from + by, to + by);
  } else if (!event.altKey && event.offsetX > gutter()) {
    event.preventDefault();
    zoom(1.0015 ** event.deltaY, time(event.clientX - frame.getBoundingClientRect().left));
  }
}, { passive: false });

let grip = null;
frame.addEventListener("pointerdown", (event) => { grip = { x: event.clientX, from, to }; });
addEventListener("pointerup", () => { grip = null; });
frame.addEventListener("pointermove", (event) => {
  if (grip) {
    const by = (grip.x - event.clientX) / (width() - gutter()) * (grip.to - grip.from);
    show(grip.from + by, grip.to + by);
  } else {
    point(event);
  }
});
frame.addEventListener("pointerleave", () => { byId("tip").hidden = true; });

let brush = null;
const overviewTime = (event) => (event.clientX - overview.getBoundingClientRect().left) / width() * data.end;
overview.addEventListener("pointerdown", (event) => {
  brush = overviewTime(event);
  overview.setPointerCapture(event.pointerId);
});
overview.addEventListener("pointermove", (event) => {
  if (brush === null) return;
  const at = overviewTime(event);
  if (Math.abs(at - brush) > data.end / 200) show(Math.min(at, brush), Math.max(at, brush));
});
overview.addEventListener("pointerup", (event) => {
  const at = overviewTime(event), half = (to - from) / 2;
  if (Math.abs(at - brush) <= data.end / 200) show(at - half, at + half);
  brush = null;
});

// What is there.

function asked(at) {
  const result = data.results[data.result[at]];
  const why = data.text[at] ? `: ${data.texts[data.text[at]]}` : "";
  const request = data.requests[data.request[at]] ?? "request";
  return `client ${data.number[data.client[at]]}, ${seconds(data.at[at])}: ${request} ${data.labels[data.label[at]]}: ${result}${why}`;
}

function session(number) {
  const end = data.ends[data.end_[number]] || "is still cached";
  const by = data.finder[number] >= 0 ? ` by client ${data.number[data.finder[number]]}` : "";
  const lasted = ((data.left[number] - data.saved[number]) / 1000).toFixed(2);
  return `session of ${data.labels[data.sessionLabel[number]]}, saved by client ${data.number[data.saver[number]]} ` +
    `at ${seconds(data.saved[number])}, ${end}${by} after ${lasted} s`;
}

// What is under a point: the text, or nothing.
function under(px, py) {
  const y = py + frame.scrollTop, at = time(px);
  const row = layout.find((each) => y >= each.top && y < each.top + each.height);
  if (!row || px < gutter()) return null;
  if (row.kind === "client") {
    const next = firstFrom(row.items, data.at, at);
    const near = [row.items[next - 1], row.items[next]].filter((each) => each !== undefined)
      .sort((one, other) => Math.abs(data.at[one] - at) - Math.abs(data.at[other] - at))[0];
    return near !== undefined && Math.abs(x(data.at[near]) - px) < 6 ? asked(near) : null;
  }
  if (row.kind === "bars") {
    const number = row.items[firstFrom(row.items, data.saved, at) - 1];
    return number !== undefined && x(data.left[number]) >= px - 2 ? session(number) : null;
  }
  return null;
}

function point(event) {
  const box = frame.getBoundingClientRect(), tip = byId("tip");
  const text = data && under(event.clientX - box.left, event.clientY - box.top);
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
}

function step(by) {
  const misses = data.wantedMisses;
  if (!misses.length) return;
  const at = misses.indexOf(current);
  current = misses[at < 0 ? (by > 0 ? 0 : misses.length - 1) : (at + by + misses.length) % misses.length];
  const place = data.at[current], half = Math.min((to - from) / 2, 5000);
  if (place < from || place > to || to - from > 20000) show(place - half, place + half);
  const row = layout.find((each) => each.kind === "client" && each.row === data.row[data.client[current]]);
  if (row.top < frame.scrollTop || row.top + CLIENT > frame.scrollTop + frame.clientHeight) frame.scrollTop = row.top - 40;
  byId("said").textContent = `${misses.indexOf(current) + 1} of ${misses.length}: ${asked(current)}`;
  redraw();
}

const keys = {
  "+": () => zoom(.5), "=": () => zoom(.5), "-": () => zoom(2), 0: () => show(0, data.end),
  ArrowLeft: () => show(from - (to - from) / 4, to - (to - from) / 4),
  ArrowRight: () => show(from + (to - from) / 4, to + (to - from) / 4),
  n: () => step(1), p: () => step(-1),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
for (const [id, key] of [["in", "+"], ["out", "-"], ["fit", "0"], ["next", "n"], ["previous", "p"]]) {
  byId(id).addEventListener("click", () => keys[key]());
}

const form = document.querySelector(".filters");
form.addEventListener("input", arrange);
form.addEventListener("reset", () => setTimeout(arrange));
form.addEventListener("submit", (event) => event.preventDefault());

// The words around it.

const causeTexts = {
  unknown: "nothing was ever saved for it", differs: "only a label that differs in one field is known",
  expired: "its last session had expired", taken: "its last session was taken", ended: "the daemon had ended",
  unbound: "its binding had expired", unsaved: "bound, but nobody had saved a session",
};

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function legend() {
  const kinds = [["hit", "hit: lower half"], ["miss", "miss: whole height"], ["save", "save: upper half"], ["other", "refused or unanswered"],
    ["found", "session until it was found: full"], ["expired", "until it expired: hollow"], ["ended", "until the daemon ended, or still cached"]];
  byId("legend").append(...kinds.map(([name, text]) => {
    const mark = element("i", {});
    mark.dataset.ink = name;
    return element("span", {}, mark, text);
  }));
}

function causes() {
  const count = new Map();
  for (const at of data.misses) {
    if (!count.has(data.cause[at])) count.set(data.cause[at], new Map());
    const labels = count.get(data.cause[at]);
    labels.set(data.label[at], (labels.get(data.label[at]) ?? 0) + 1);
  }
  const total = (labels) => [...labels.values()].reduce((sum, each) => sum + each, 0);
  const sorted = [...count].sort((one, other) => total(other[1]) - total(one[1]));
  document.querySelector(".causes tbody").append(...sorted.map(([cause, labels]) => {
    const [label, most] = [...labels].sort((one, other) => other[1] - one[1])[0];
    return element("tr", {}, element("th", { scope: "row" }, causeTexts[data.causes[cause]]),
      element("td", { className: "n" }, total(labels).toLocaleString("en")), element("td", {}, `${data.labels[label]} (${most})`));
  }));
  byId("cause").append(...sorted.map(([cause]) => element("option", { value: cause }, data.causes[cause])));
}

(async () => {
  data = await unpack();
  data.end = Math.max(data.end, 1);
  to = data.end;
  const hits = data.result.filter((each) => data.results[each] === "hit").length;
  byId("sum").textContent = `${seconds(data.end, data.end / 100)}, ${data.number.length} clients, ${data.at.length.toLocaleString("en")} requests, ` +
    `${hits.toLocaleString("en")} hits, ${data.misses.length.toLocaleString("en")} misses, ${data.saved.length.toLocaleString("en")} sessions saved`;
  byId("labels").append(...data.labels.slice(0, 500).map((label) => element("option", { value: label })));
  legend();
  causes();
  paint();
  arrange();
  document.documentElement.dataset.ready = "true";
})();
