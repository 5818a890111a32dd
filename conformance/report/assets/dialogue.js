"use strict";
// Dialogues as sequence diagrams. A row: seconds, kind, lane it comes from, lane it goes to, text, bytes in hex, how many.

const FIRST = 60, LAST = 60; // rows of a long dialogue that are shown before one asks for all

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value; else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function dump(hex, bytes) {
  const lines = [];
  for (let at = 0; at < hex.length; at += 32) {
    const pairs = hex.slice(at, at + 32).match(/../g);
    const letters = pairs.map((pair) => {
      const code = parseInt(pair, 16);
      return code >= 32 && code < 127 ? String.fromCharCode(code) : "·";
    });
    const offset = (at / 2).toString(16).padStart(6, "0");
    lines.push(`${offset}  ${pairs.join(" ").padEnd(47)}  ${letters.join("")}`);
  }
  if (hex.length < 2 * bytes) lines.push(`... and ${(bytes - hex.length / 2).toLocaleString("en")} more`);
  return lines.join("\n");
}

function label(text, hex, bytes) {
  const shown = element("span", { className: "label" }, text);
  if (hex === undefined) return [shown];
  const more = element("details", { className: "bytes" },
    element("summary", {}, `${bytes.toLocaleString("en")} byte${bytes === 1 ? "" : "s"}`));
  more.addEventListener("toggle", () => {
    if (more.open && more.children.length === 1) {
      more.append(element("pre", { tabIndex: 0, ariaLabel: "in hex" }, dump(hex, bytes)));
    }
  });
  return [shown, more];
}

function lane(span, ...children) {
  const cell = element("td", { colSpan: span }, ...children);
  cell.style.setProperty("--n", span);
  return cell;
}

function drawRow(row, lanes, before) {
  const [at, kind, from, to, text, hex, bytes] = row;
  const drawn = element("tr", { className: kind });
  drawn.append(at === before ? element("td", { className: "t" }) : element("th", { className: "t", scope: "row" }, `${at} s`));
  if (kind === "time") {
    drawn.append(lane(lanes, text));
    return drawn;
  }
  const left = Math.min(from, to), right = Math.max(from, to);
  for (let empty = 0; empty < left; empty++) drawn.append(lane(1));
  const parts = label(text, hex, bytes);
  if (from !== to) {
    drawn.classList.add(from < to ? "right" : "left");
    parts.push(element("span", { className: "arrow" }));
  }
  drawn.append(lane(right - left + 1, ...parts));
  for (let empty = right + 1; empty < lanes; empty++) drawn.append(lane(1));
  return drawn;
}

// The first row in which a dialogue differs from another one.
function firstOther(rows, others) {
  return rows.findIndex((row, at) => JSON.stringify(row) !== JSON.stringify(others[at]));
}

// wrong: what was expected in the place of the last row. other: the number of a row to be marked.
function drawDialogue(dialogue, title, wrong, other = -1) {
  const { lanes, rows } = dialogue;
  const body = element("tbody");
  const heads = lanes.map((name) => element("th", { scope: "col" }, element("span", {}, name)));
  const table = element("table", { className: "seq" },
    element("thead", {}, element("tr", {}, element("th", { className: "t", scope: "col" }, "clock"), ...heads)), body);
  table.style.setProperty("--lanes", lanes.length);
  const draw = (from, to) => rows.slice(from, to).map((row, at) => {
    const drawn = drawRow(row, lanes.length, from + at ? rows[from + at - 1][0] : null);
    drawn.classList.toggle("other", from + at === other);
    return drawn;
  });
  if (rows.length <= FIRST + LAST + 10) {
    body.append(...draw(0, rows.length));
  } else {
    const left = rows.length - FIRST - LAST;
    const all = element("button", { type: "button" }, `Show the ${left.toLocaleString("en")} rows in between`);
    const gap = element("tr", { className: "time" }, element("td", { className: "t" }), lane(lanes.length, all));
    all.addEventListener("click", () => gap.replaceWith(...draw(FIRST, FIRST + left)));
    body.append(...draw(0, FIRST), gap, ...draw(FIRST + left, rows.length));
  }
  if (wrong !== undefined && rows.length) {
    body.lastElementChild.classList.add("wrong");
    const row = element("tr", { className: "wrong" }, element("td", { className: "t" }),
      lane(lanes.length, element("span", { className: "label" }, `expected instead: ${wrong}`)));
    body.append(row);
  }
  return element("div", { className: "seq-frame", tabIndex: 0, role: "region", ariaLabel: title }, table);
}
