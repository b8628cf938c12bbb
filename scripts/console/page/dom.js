// Everything on the page is made here. What comes from data becomes a text node or an attribute's value, never markup.

// Characters that show a name in another order than it has, or not at all.
const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

const clean = (value) => String(value).replace(UNFIT, "\ufffd");

const absent = (value) => value === null || value === undefined || value === false || value === "";

/** Attributes and contents that are absent are left out, contents may be nested lists. */
const filled = (made, attributes, content) => {
  for (const [key, value] of Object.entries(attributes)) {
    if (!absent(value)) made.setAttribute(key, value === true ? "" : clean(value));
  }
  for (const each of content.flat(Infinity)) {
    if (!absent(each)) made.append(each instanceof Node ? each : clean(each));
  }
  return made;
};

const el = (name, attributes, ...content) => filled(document.createElement(name), attributes, content);

const svg = (name, attributes, ...content) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, content);

const badge = (text, tone = "idle") => el("span", { class: `badge ${tone}` }, text);

const verdict = (tone, ...content) => el("div", { class: `verdict ${tone}` }, el("p", {}, ...content));

const facts = (pairs) =>
  el(
    "dl",
    { class: "facts" },
    pairs.filter(([, value]) => !absent(value)).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );

const tiles = (list) =>
  el(
    "dl",
    { class: "tiles" },
    list.map(({ label, value, note, words }) =>
      el(
        "div",
        { class: "tile" },
        el("dt", {}, label),
        el("dd", { class: words ? "small" : null }, value),
        absent(note) ? null : el("dd", {}, note),
      ),
    ),
  );

let sections = 0;

const section = (title, ...content) => {
  const id = `section-${(sections += 1)}`;
  return el("section", { "aria-labelledby": id }, el("h2", { id }, title), ...content);
};

const more = (summary, ...content) => el("details", {}, el("summary", {}, summary), ...content);

/** A wide table scrolls by itself; a region that scrolls must be reached by the keyboard, and so needs a name. */
const region = (label, ...content) =>
  el("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" }, ...content);

/** The first cell of a row names it; columns whose name ends with # hold numbers, with ~ sentences; `data-row` marks what the filter hides. */
const table = (label, columns, rows) => {
  const kinds = { "#": "number", "~": "words" };
  const kind = (place) => kinds[columns[place].at(-1)];
  const head = columns.map((name, place) => el("th", { scope: "col", class: kind(place) }, name.replace(/[#~]$/, "")));
  const body = rows.map((row) =>
    el(
      "tr",
      { "data-row": true },
      row.map((cell, place) =>
        place === 0
          ? el("th", { scope: "row", class: kind(0) }, absent(cell) ? "–" : cell)
          : el("td", { class: kind(place) }, absent(cell) ? "–" : cell),
      ),
    ),
  );
  return region(`${label}, as a table`, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
};

const nothing = (text) => el("p", { class: "note" }, text);
