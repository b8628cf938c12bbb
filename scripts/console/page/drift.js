// Features × windows in colour, with the same in words for those who do not see it.

const LEVELS = 8;

/** 0 to LEVELS: half of them up to the threshold, the rest up to five times of it. */
const level = (times) =>
  times < 1 ? Math.floor((times * LEVELS) / 2) : Math.min(LEVELS, LEVELS / 2 + Math.ceil(Math.min(times - 1, 4)));

const cellText = (times, drifted) => {
  if (absent(times)) return drifted ? "drift" : "not known";
  return `${thresholds(times)}${drifted ? ", drift" : ""}`;
};

const cell = (feature, window, place) => {
  const times = feature.times[place];
  const drifted = feature.drifted.includes(place);
  const text = cellText(times, drifted);
  const heat = absent(times) ? "unknown" : `h${level(times)}`;
  return el(
    "td",
    { class: `heat ${drifted ? "drifted" : ""} ${heat}`, title: `${feature.name}, ${window.end.slice(0, 16).replace("T", " ")}: ${text}` },
    drifted ? el("span", { "aria-hidden": "true" }, "!") : null,
    el("span", { class: "unseen" }, text),
  );
};

const columnName = (window) => {
  const [date, time] = [window.end.slice(5, 10), window.end.slice(11, 16)];
  return el("th", { scope: "col", class: "column" }, el("span", {}, date), el("br", {}), el("span", {}, time));
};

const heatMap = ({ windows, features }) =>
  region(
    "Heat map of drift, features by windows",
    el(
      "table",
      { class: "map" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Feature"), windows.map(columnName))),
      el(
        "tbody",
        {},
        features.map((feature) =>
          el(
            "tr",
            { "data-row": true },
            el("th", { scope: "row" }, el("span", { class: "two-lines", title: feature.name }, feature.name)),
            windows.map((window, place) => cell(feature, window, place)),
          ),
        ),
      ),
    ),
  );

const key = () =>
  el(
    "ul",
    { class: "key", "aria-hidden": "true" },
    [["h0", "as in training"], ["h3", "near the threshold"], ["drifted h5", "drift"], ["drifted h8", "five times the threshold"], ["unknown", "not known"]].map(
      ([kind, text]) => el("li", {}, el("i", { class: `heat ${kind}` }, kind.startsWith("drifted") ? "!" : null), text),
    ),
  );

const summary = ({ windows, features }) => {
  const newest = windows.length - 1;
  const found = features
    .filter((feature) => feature.drifted.includes(newest))
    .sort((a, b) => (b.times[newest] ?? 0) - (a.times[newest] ?? 0));
  if (!found.length) return "Nothing drifted in the newest window.";
  const named = found.slice(0, 5).map((feature) => `${feature.name} (${cellText(feature.times[newest], false)})`);
  const rest = found.length > 5 ? ` and ${found.length - 5} more` : "";
  return `In the newest window drifted: ${named.join(", ")}${rest}.`;
};

const drift = (model, snapshot) => {
  const map = model.drift;
  if (!map.windows.length) return nothing("The watch has judged no window yet.");
  const newest = map.windows.at(-1);
  return [
    verdict(newest.status === "drift" ? "bad" : newest.status === "ok" ? "good" : "warn", `${summary(map)} ${newest.reason}`),
    section(
      "Heat map",
      el("p", { class: "lead" }, "How far each feature went from what the version was trained on, in thresholds of its test; the newest window is at the right."),
      map.features.length ? [key(), heatMap(map)] : nothing("No window knew any feature: name some in serving.capture."),
      map.features_left_out ? nothing(`${plural(map.features_left_out, "feature")} that went less far are left out.`) : null,
    ),
    section(
      "Performance",
      el("p", { class: "lead" }, "The metric that the version was chosen by, with its 95 % interval."),
      performance(map.windows, Math.min(990, Math.max(280, document.getElementById("main").clientWidth - 50))),
    ),
    section(
      "Windows",
      table(
        "Windows",
        ["Until", ...(snapshot.reports ? ["Report"] : []), "Status", "Why~", "Predictions#", "Drifted#", "Real metric#", "Estimated metric#", "Certain drop#", "New labels#"],
        [...map.windows].reverse().map((window) => [
          moment(window.end),
          ...(snapshot.reports ? [report(snapshot, model, "window", window.end, "Drift report")] : []),
          status(window.status),
          [window.reason, ...window.notes].join(" "),
          number(window.rows),
          percent(window.share, 0),
          estimate(window.real),
          estimate(window.estimated),
          number(window.drop),
          number(window.new_labels),
        ]),
      ),
    ),
  ];
};
