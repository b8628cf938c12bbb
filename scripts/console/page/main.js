// Which view is shown, where its data come from, and what the filter hides.

const VIEWS = {
  now: { title: "Now", draw: now, whole: true },
  releases: { title: "Releases", draw: releases },
  versions: { title: "Versions", draw: versions },
  experiments: { title: "Experiments", draw: experiments },
  drift: { title: "Drift", draw: drift },
  decisions: { title: "Decisions", draw: decisions },
  audit: { title: "Audit trail", draw: audit },
};

const place = (id) => document.getElementById(id);
const address = (model, view = "now") => `#/${encodeURIComponent(model)}/${view}`;
const filter = place("filter");
let snapshot = null;

/** What the address asks for: #/, #/MODEL, #/MODEL/VIEW, each with ?words of the filter. */
const route = () => {
  const [path, words = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "", view = "now"] = path.split("/");
  const read = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // not an address of ours, and so the name of nothing
    }
  };
  return { name: read(name), view: Object.hasOwn(VIEWS, view) ? view : "now", words: read(words) };
};

const contents = (model, current) =>
  Object.entries(VIEWS).map(([view, { title }]) =>
    el("li", {}, el("a", { href: address(model.name, view), "aria-current": view === current ? "page" : null }, title)),
  );

const sift = () => {
  const words = filter.value.trim().toLowerCase();
  const rows = [...place("main").querySelectorAll("[data-row]")].filter((row) => !row.parentElement.closest("[data-row]"));
  for (const row of rows) row.hidden = words !== "" && !row.textContent.toLowerCase().includes(words);
  const shown = rows.filter((row) => !row.hidden).length;
  place("found").textContent = words === "" ? "" : `${shown} of ${rows.length} shown`;
};

const draw = () => {
  if (snapshot === null) return;
  const { name, view, words } = route();
  const model = snapshot.models.find((each) => each.name === name);
  const title = model ? model.name : name === "" ? "Models" : "No such model";
  place("title").textContent = clean(title);
  document.title = clean(model ? `${title}, ${VIEWS[view].title} · Lambdaloop console` : `${title} · Lambdaloop console`);
  place("back").hidden = name === "";
  place("views").hidden = !model;
  place("contents").replaceChildren(...(model ? contents(model, view) : []));
  const drawn = model ? VIEWS[view].draw(model, snapshot) : name === "" ? overview(snapshot) : nothing(`${name} is not deployed here.`);
  place("main").replaceChildren(...[drawn].flat(Infinity).filter((each) => !absent(each)));
  place("state").replaceChildren("As of ", moment(snapshot.taken_at), ` UTC, ${clean(snapshot.place)}`);
  // What is newest is at the right, and there a phone begins.
  for (const map of place("main").querySelectorAll(".map")) map.parentElement.scrollLeft = map.scrollWidth;
  place("sieve").hidden = Boolean(model && VIEWS[view].whole);
  filter.value = words;
  sift();
};

const tell = (text) => {
  place("problem").hidden = text === "";
  place("problem").replaceChildren(...(text === "" ? [] : [verdict("bad", text)]));
};

const load = async () => {
  const button = place("refresh");
  button.setAttribute("aria-disabled", "true");
  try {
    const answer = await fetch("snapshot.json", { cache: "no-store", credentials: "same-origin" });
    const document = await answer.json();
    if (!answer.ok) throw new Error(document.error);
    snapshot = document;
    tell("");
    draw();
  } catch (error) {
    tell(`The state could not be read: ${error.message}`);
  } finally {
    button.removeAttribute("aria-disabled");
  }
};

addEventListener("hashchange", () => {
  draw();
  place("title").focus();
  scrollTo(0, 0);
});
filter.addEventListener("input", () => {
  const words = filter.value === "" ? "" : `?${encodeURIComponent(filter.value)}`;
  history.replaceState(null, "", `${location.hash.split("?")[0] || "#/"}${words}`);
  sift();
});
place("refresh").addEventListener("click", () => {
  if (place("refresh").getAttribute("aria-disabled") === null) load();
});

const held = place("snapshot");
if (held) {
  snapshot = JSON.parse(held.textContent);
  place("refresh").hidden = true;
  draw();
} else {
  // The secret has become a cookie; it need not stay in the address, in pictures of it and in the history.
  history.replaceState(null, "", location.pathname + location.hash);
  load();
}
