"use strict";
// Swim lanes: a row a client with its requests as marks, then rows of sessions as bars from save to find or expiry.
// All times are milliseconds since the trace's start.

const GUTTER = 190, CLIENT = 18, BAR = 11, HEAD = 22;
const byId = (id) => document.getElementById(id);
const frame = byId("frame"), canvas = byId("lanes"), overview = byId("overview");
const pen = canvas.getContext("2d"), small = overview.getContext("2d");

let data, ink = {}, layout = [], from = 0, to = 1, current = -1, pending = false;

// Theme: the system's until one is chosen here. Canvases need its colours as values.

const dark = matchMedia("(prefers-color-scheme: dark)");
function paint(theme = dark.matches ? "dark" : "light") {
  document.documentElement.dataset.theme = theme;
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ground", "raised", "ink", "quiet", "line", "link", "hit", "miss", "save", "other", "found", "expired", "ended"]) {
    ink[name] = style.getPropertyValue(`--${name}`);
  }
  for (const mark of document.querySelectorAll(".legend i")) mark.style.background = ink[mark.dataset.ink];
  redraw();
}
dark.addEventListener("change", () => paint());
byId("theme").addEventListener("click", () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));

// The data, and the order of rows.

const inks = { hit: "hit", miss: "miss", ok: "save", failed: "other", bad: "other", unanswered: "other" };

async function unpack() {
  const bytes = Uint8Array.from(atob(byId("packed").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const found = await new Response(stream).json();
  [found.askedAt, found.at, found.client, found.request, found.result, found.label, found.session, found.cause, found.text] = found.asked;
  [found.saved, found.left, found.sessionLabel, found.end_, found.saver, found.finder] = found.sessions;
  [found.number, found.row, found.begun, found.closed] = found.connections;
  found.misses = found.at.flatMap((_, at) => found.results[found.result[at]] === "miss" ? [at] : []);
  return found;
}

// Rows of what a filter lets through. A row: its top, height, title, kind, and the numbers in it, in order of time.
function arrange() {
  const text = byId("text").value.trim().toLowerCase(), cause = byId("cause").value;
  const wanted = data.labels.map((label) => label.toLowerCase().includes(text));
  const isWanted = (at) => wanted[data.label[at]] &&
    (cause === "" || (data.results[data.result[at]] === "miss" && data.cause[at] === Number(cause)));
  const marks = new Map();
  for (let at = 0; at < data.at.length; at++) {
    if (!isWanted(at)) continue;
    const row = data.row[data.client[at]];
    if (!marks.has(row)) marks.set(row, []);
    marks.get(row).push(at);
  }
  const shared = new Set(data.row).size < data.row.length;
  const rows = [{ height: HEAD, title: shared ? "clients, in turn" : "clients", kind: "head", items: [] }];
  for (const row of [...marks.keys()].sort((one, other) => one - other)) {
    const client = data.number[data.row.indexOf(row)];
    rows.push({ height: CLIENT, title: shared ? "" : `client ${client}`, kind: "client", row, items: marks.get(row) });
  }
  rows.push({ height: HEAD, title: "sessions in the cache", kind: "head", items: [] });
  rows.push(...(cause === "" ? bars(wanted) : []));
  let top = 0;
  for (const row of rows) {
    row.top = top;
    top += row.height;
  }
  layout = rows;
  data.wantedMisses = data.misses.filter(isWanted);
  byId("tall").style.height = `${top + 8}px`;
  redraw();
}

// Sessions of a label in as few rows as they fit, one behind the other.
function bars(wanted) {
  const byLabel = new Map();
  data.saved.forEach((_, number) => {
    const label = data.sessionLabel[number];
    if (!wanted[label]) return;
    if (!byLabel.has(label)) byLabel.set(label, []);
    const lanes = byLabel.get(label);
    const lane = lanes.find((each) => data.left[each.at(-1)] <= data.saved[number]);
    if (lane) lane.push(number); else lanes.push([number]);
  });
  return [...byLabel].flatMap(([label, lanes]) => lanes.map((items, at) =>
    ({ height: BAR, title: at ? "" : data.labels[label], kind: "bars", items })));
}

// Drawing.

function redraw() {
  if (pending || !data) return;
  pending = true;
  requestAnimationFrame(() => {
    pending = false;
    draw();
    drawOverview();
  });
}

function fit(target, context, width, height) {
  const ratio = devicePixelRatio || 1;
  if (target.width !== Math.round(width * ratio) || target.height !== Math.round(height * ratio)) {
    target.width = Math.round(width * ratio);
    target.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
}

const width = () => frame.clientWidth;
const gutter = () => Math.min(GUTTER, width() * .3);
const x = (at) => gutter() + (at - from) / (to - from) * (width() - gutter());
const time = (place) => from + (place - gutter()) / (width() - gutter()) * (to - from);

// The first of items whose value isn't before a time.
function firstFrom(items, values, at) {
  let low = 0, high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[items[middle]] < at) low = middle + 1; else high = middle;
  }
  return low;
}

function draw() {
  const height = frame.clientHeight, top = frame.scrollTop;
  fit(canvas, pen, width(), height);
  grid(height);
  for (const row of layout) {
    if (row.top + row.height < top || row.top > top + height) continue;
    const y = row.top - top;
    if (row.kind === "client") drawClient(row, y);
    if (row.kind === "bars") drawBars(row, y);
  }
  pen.fillStyle = ink.ground;
  pen.fillRect(0, 0, gutter() - 4, height);
  for (const row of layout) {
    if (row.top + row.height < top || row.top > top + height || !row.title) continue;
    pen.fillStyle = row.kind === "head" ? ink.ink : ink.quiet;
    pen.font = row.kind === "head" ? "600 12px system-ui, sans-serif" : "11px system-ui, sans-serif";
    pen.fillText(shortened(row.title), 6, row.top - top + row.height - (row.kind === "bars" ? 1 : 5));
  }
  axis();
}

function shortened(title) {
  const letters = Math.floor((gutter() - 14) / 6);
  return title.length <= letters ? title : `${title.slice(0, 4)}…${title.slice(5 - letters)}`;
}

function ticks() {
  const step = niceStep((to - from) / Math.max(3, (width() - gutter()) / 110)), found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push([at, seconds(at, step)]);
  return found;
}

function grid(height) {
  pen.fillStyle = ink.line;
  for (const [at] of ticks()) pen.fillRect(Math.round(x(at)), 0, 1, height);
}

// Over the rows, wherever they are scrolled to.
function axis() {
  pen.fillStyle = ink.ground;
  pen.fillRect(gutter(), 0, width(), 15);
  pen.fillStyle = ink.quiet;
  pen.font = "11px system-ui, sans-serif";
  for (const [at, text] of ticks()) pen.fillText(text, x(at) + 3, 11);
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, .1)));
  return [1, 2, 5, 10].find((times) => times * power >= least) * power;
}

function seconds(at, step = 1) {
  return `${(at / 1000).toFixed(step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3)} s`;
}

function drawClient(row, y) {
  pen.fillStyle = ink.raised;
  data.row.forEach((its, client) => {
    if (its !== row.row || data.closed[client] < from || data.begun[client] > to) return;
    const begin = Math.max(x(data.begun[client]), gutter());
    pen.fillRect(begin, y + 2, Math.max(1, Math.min(x(data.closed[client]), width()) - begin), CLIENT - 4);
  });
  const places = { ok: [], failed: [], bad: [], unanswered: [], hit: [], miss: [] }; // misses are drawn last
  for (let at = firstFrom(row.items, data.at, from); at < row.items.length; at++) {
    const number = row.items[at];
    if (data.at[number] > to) break;
    const found = places[data.results[data.result[number]]], place = Math.round(x(data.at[number]));
    if (found.at(-1) !== place) found.push(place);
  }
  for (const [result, found] of Object.entries(places)) {
    pen.fillStyle = ink[inks[result]];
    for (const place of found) mark(result, place, y);
  }
  if (current >= 0 && data.row[data.client[current]] === row.row) {
    pen.strokeStyle = ink.link;
    pen.lineWidth = 2;
    pen.strokeRect(Math.round(x(data.at[current])) - 5, y + .5, 10, CLIENT - 1);
  }
}

// A miss is as high as the row and has a head; a hit is its lower half, a save the upper half.
function mark(result, place, y) {
  if (result === "miss") {
    pen.fillRect(place - 1, y + 2, 2, CLIENT - 4);
    pen.fillRect(place - 2.5, y + 2, 5, 3);
  } else {
    pen.fillRect(place - 1, result === "hit" ? y + CLIENT / 2 : y + 2, 2, CLIENT / 2 - 2);
  }
}

// Found ones are full, those that expired hollow, the others grey.
function drawBars(row, y) {
  let drawnTo = -1;
  for (let at = Math.max(0, firstFrom(row.items, data.saved, from) - 1); at < row.items.length; at++) {
    const number = row.items[at];
    if (data.saved[number] > to) break;
    const begin = x(data.saved[number]), end = Math.max(begin + 1, x(data.left[number]));
    if (end < gutter() || (end - begin < 1.5 && Math.round(begin) === drawnTo)) continue;
    drawnTo = Math.round(begin);
    const kind = data.ends[data.end_[number]];
    const chosen = current >= 0 && data.session[current] === number;
    pen.fillStyle = ink[kind === "found" || kind === "expired" ? kind : "ended"];
    pen.strokeStyle = chosen ? ink.link : pen.fillStyle;
    pen.lineWidth = chosen ? 2 : 1;
    if (kind !== "expired" || end - begin < 4) pen.fillRect(begin, y + 2, end - begin, BAR - 4);
    if (kind === "expired" || chosen) pen.strokeRect(begin + .5, y + 2.5, end - begin - 1, BAR - 5);
  }
}

// Hits and misses of equal parts of the whole time, counted once for each number of parts.
const counted = new Map();

function counts(columns) {
  if (!counted.has(columns)) {
    const hits = new Uint32Array(columns), misses = new Uint32Array(columns);
    data.at.forEach((at, number) => {
      const result = data.results[data.result[number]];
      const column = Math.min(columns - 1, Math.floor(at / data.end * columns));
      if (result === "hit") hits[column]++;
      if (result === "miss") misses[column]++;
    });
    counted.set(columns, { hits, misses, most: Math.max(1, ...hits, ...misses) });
  }
  return counted.get(columns);
}

function drawOverview() {
  const all = width(), height = 56, columns = Math.max(1, Math.floor(all / 3));
  fit(overview, small, all, height);
  const { hits, misses, most } = counts(columns);
  for (let column = 0; column < columns; column++) {
    small.fillStyle = ink.hit;
    small.fillRect(column * 3, 28 - hits[column] / most * 26, 2, hits[column] / most * 26);
    small.fillStyle = ink.miss;
    small.fillRect(column * 3, 29, 2, misses[column] / most * 26);
  }
  small.fillStyle = ink.line;
  small.fillRect(0, 28, all, 1);
  small.strokeStyle = ink.link;
  small.lineWidth = 2;
  small.strokeRect(from / data.end * all + 1, 1, Math.max(3, (to - from) / data.end * all - 2), height - 2);
}
