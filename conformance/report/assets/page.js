// The page: theme, filter, keys, and cases that are unpacked and drawn when they are opened.

const facts = JSON.parse(document.getElementById("facts").textContent);
const byId = (id) => document.getElementById(id);
const rows = [...document.querySelectorAll("tbody.cases > tr")];

// Theme: the system's until one is chosen here.

function chosenTheme() {
  try { return localStorage.getItem("scache-theme"); } catch { return null; }
}
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => chosenTheme() ?? (dark.matches ? "dark" : "light");
const paint = () => { document.documentElement.dataset.theme = theme(); };
dark.addEventListener("change", paint);
byId("theme").addEventListener("click", () => {
  const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("scache-theme", other); } catch { /* a page from disk may have no storage */ }
  document.documentElement.dataset.theme = other;
});
paint();

// Details of the cases, a section at a time.

const unpacked = new Map();

function section(name) {
  if (!unpacked.has(name)) {
    const packed = document.querySelector(`script[data-packed="${CSS.escape(name)}"]`).textContent;
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    unpacked.set(name, new Response(stream).json());
  }
  return unpacked.get(name);
}

async function details(number) {
  const row = byId(`c${number}`);
  return (await section(row.parentElement.dataset.section))[number];
}

function listOf(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function requirement(id) {
  const { text, place } = facts.requirements[id];
  return element("p", { className: "requirement" }, `Required: ${text} `,
    element("span", { className: "source" }, `${id}; ${place}`));
}

function verdictLine(result) {
  const word = element("span", { className: `v ${result.verdict.replace(" ", "-")}` }, facts.words[result.verdict]);
  return element("li", {}, word, ` ${result.target}: `, element("span", { className: "detail" }, result.detail));
}

function described(found) {
  const inner = element("div", { className: "inner" });
  inner.append(...found.requirements.filter((id) => id in facts.requirements).map(requirement));
  const remarks = found.results.filter((result) => result.detail);
  if (remarks.length) inner.append(element("ul", {}, ...remarks.map(verdictLine)));
  const options = Object.entries(found.options).map(([name, value]) => `${name}=${value}`);
  if (options.length) inner.append(element("p", {}, "Started with ", element("code", {}, options.join(" "))));
  found.dialogues.forEach((dialogue, number) => {
    const results = found.results.filter((result) => result.dialogue === number);
    const who = listOf(results.map((result) => result.target));
    const failed = results.find((result) => result.difference);
    inner.append(element("h3", {}, `The dialogue with ${who}`),
      drawDialogue(dialogue, `${found.id} with ${who}`, failed?.difference.expected,
        number ? firstOther(dialogue.rows, found.dialogues[0].rows) : -1));
  });
  const targets = found.results.filter((result) => result.dialogue !== null).map((result) => `--target ${result.target}`);
  inner.append(element("p", {}, "To play just it: ",
    element("code", {}, ["python -m conformance run", ...targets, "-v", found.id].join(" "))));
  const steps = element("pre", { className: "steps", tabIndex: 0, ariaLabel: "steps" }, found.steps.join("\n"));
  inner.append(element("details", {}, element("summary", {},
    `Its ${found.steps.length} steps, as the catalogue has them; “or” begins another acceptable outcome`), steps));
  return inner;
}

async function toggleCase(row, open) {
  const button = row.querySelector("button");
  const is = button.getAttribute("aria-expanded") === "true";
  if (open === is) return;
  button.setAttribute("aria-expanded", String(!is));
  if (is) {
    row.nextElementSibling.remove();
    return;
  }
  const cell = element("td", { colSpan: row.children.length }, "…");
  row.after(element("tr", { className: "opened" }, cell));
  cell.replaceChildren(described(await details(row.id.slice(1))));
}

function toggleSection(body, open) {
  const button = body.previousElementSibling.querySelector("button");
  body.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
}

document.querySelector(".matrix").addEventListener("click", (event) => {
  const button = event.target.closest("th > button");
  if (!button) return;
  const body = button.closest("tbody");
  if (body.classList.contains("section")) {
    toggleSection(body.nextElementSibling, body.nextElementSibling.hidden);
  } else {
    toggleCase(button.closest("tr"));
  }
});

// Failures: each is drawn when it comes into sight.

const sight = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) if (isIntersecting) drawFailure(target);
}, { rootMargin: "400px" });

async function drawFailure(place) {
  sight.unobserve(place);
  const found = await details(place.dataset.case);
  const result = found.results.find((each) => each.target === place.dataset.target);
  if (result.dialogue === null) return;
  const title = `What ${result.target} said`;
  place.replaceChildren(element("h3", {}, title),
    drawDialogue(found.dialogues[result.dialogue], title, result.difference?.expected));
}

const failed = [...document.querySelectorAll(".play")];
failed.forEach((place) => sight.observe(place));
addEventListener("beforeprint", () => failed.forEach(drawFailure));

// Filter.

const fields = ["text", "section", "verdict", "target"].map(byId);
const haystack = new Map(rows.map((row) =>
  [row, `${row.children[0].textContent} ${row.lastElementChild.textContent} ${row.dataset.more}`.toLowerCase()]));

function matches(row, text, inSection, verdict, target) {
  if (inSection && row.parentElement.dataset.section !== inSection) return false;
  if (text && !text.split(/\s+/).every((word) => haystack.get(row).includes(word))) return false;
  if (!verdict) return true;
  const cells = target === "" ? [...row.querySelectorAll("td.v")] : [row.querySelectorAll("td.v")[target]];
  return cells.some((cell) => verdict === "!pass" ? !cell.classList.contains("pass") : cell.classList.contains(verdict));
}

function filter() {
  const [text, inSection, verdict, target] = fields.map((field) => field.value.trim().toLowerCase());
  const filtered = Boolean(text || inSection || verdict);
  let shown = 0;
  for (const body of document.querySelectorAll("tbody.cases")) {
    let here = 0;
    for (const row of body.querySelectorAll(":scope > tr:not(.opened)")) {
      row.hidden = !matches(row, text, inSection, verdict, target);
      if (row.nextElementSibling?.classList.contains("opened")) row.nextElementSibling.hidden = row.hidden;
      here += !row.hidden;
    }
    shown += here;
    body.previousElementSibling.hidden = !here;
    toggleSection(body, filtered && here > 0);
  }
  byId("shown").textContent = filtered ? `${shown} of ${rows.length} cases` : `${rows.length} cases`;
}

const form = document.querySelector(".filters");
form.addEventListener("input", filter);
form.addEventListener("reset", () => setTimeout(filter));
form.addEventListener("submit", (event) => event.preventDefault());

// Links to cases, and keys.

async function follow() {
  const row = /^#c\d+$/.test(location.hash) && byId(location.hash.slice(1));
  if (!row) return;
  row.hidden = false;
  row.parentElement.previousElementSibling.hidden = false;
  toggleSection(row.parentElement, true);
  await toggleCase(row, true);
  row.scrollIntoView();
  row.querySelector("button").focus();
}
addEventListener("hashchange", follow);
follow();

function step(by) {
  const buttons = [...document.querySelectorAll(".matrix th > button")].filter((button) => button.offsetParent);
  const at = buttons.indexOf(document.activeElement);
  buttons[at < 0 ? 0 : Math.min(Math.max(at + by, 0), buttons.length - 1)]?.focus();
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    form.reset();
    return;
  }
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "/") {
    event.preventDefault();
    byId("text").focus();
  } else if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  }
});
