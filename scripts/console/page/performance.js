// How good the predictions were, window by window: a line of what labels say, and one of what was estimated without them.

const HEIGHT = 200;
const LEFT = 56;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 26;

const SERIES = [
  { key: "real", name: "real, by labels", kind: "s1" },
  { key: "estimated", name: "estimated, without labels", kind: "s3 dashed" },
];

const known = (found) => found && !absent(found.value);

/** Unbroken stretches of windows of which the value is known: a line must not be drawn where nothing was measured. */
const stretches = (windows, key) =>
  windows.reduce((found, window, at) => {
    if (!known(window[key])) return found;
    const newest = found.at(-1);
    if (newest && newest.at(-1).at === at - 1) newest.push({ at, ...window[key] });
    else found.push([{ at, ...window[key] }]);
    return found;
  }, []);

const told = (windows, { key, name }) => {
  const found = windows.filter((window) => known(window[key]));
  if (!found.length) return null;
  return `${name}: from ${number(found[0][key].value)} to ${number(found.at(-1)[key].value)}`;
};

const drawn = (points, kind, x, y) => {
  const [colour, dashed = ""] = kind.split(" ");
  const edge = (each, bound) => `${x(each.at)},${y(each[bound] ?? each.value)}`;
  const band = [...points.map((each) => edge(each, "high")), ...points.toReversed().map((each) => edge(each, "low"))];
  return [
    svg("path", { d: `M${band.join("L")}Z`, class: `band ${colour}` }),
    svg("path", { d: `M${points.map((each) => `${x(each.at)},${y(each.value)}`).join("L")}`, class: `line ${colour} ${dashed}` }),
    points.map((each) => svg("circle", { cx: x(each.at), cy: y(each.value), r: 3, class: `dot ${colour}` })),
  ];
};

const performance = (windows, width) => {
  const series = SERIES.filter(({ key }) => windows.some((window) => known(window[key])));
  if (!series.length) return nothing("No window had enough labels, and nothing to estimate from.");
  const values = series.flatMap(({ key }) =>
    windows.filter((window) => known(window[key])).flatMap(({ [key]: each }) => [each.low ?? each.value, each.high ?? each.value]),
  );
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  const round = (value) => Number(value.toFixed(1));
  const x = (at) => round(LEFT + ((width - LEFT - RIGHT) * (at + 0.5)) / windows.length);
  const y = (value) => round(TOP + ((HEIGHT - TOP - BOTTOM) * (high + margin - value)) / (high - low + 2 * margin));
  const grid = [low, (low + high) / 2, high].map((value) => [
    svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: "grid" }),
    svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, String(Number(value.toPrecision(3)))),
  ]);
  const ends = [[0, "start", LEFT], [windows.length - 1, "end", width - RIGHT]].map(([at, anchor, left]) =>
    svg("text", { x: left, y: HEIGHT - 6, "text-anchor": anchor }, windows[at].end.slice(5, 16).replace("T", " ")),
  );
  const about = series.map((each) => told(windows, each)).join("; ");
  return el(
    "figure",
    {},
    el("ul", { class: "legend" }, series.map(({ name, kind }) => el("li", { class: kind.split(" ")[0] }, el("i", { "aria-hidden": "true" }), name))),
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${HEIGHT}`, class: "chart", role: "img", "aria-label": `The training metric by window, ${about}` },
      grid,
      series.map(({ key, kind }) => stretches(windows, key).map((points) => drawn(points, kind, x, y))),
      windows.length > 1 ? ends : ends.slice(1),
    ),
  );
};
