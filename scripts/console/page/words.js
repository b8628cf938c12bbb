// How values are told: times, numbers, states.

const moment = (iso) => {
  if (absent(iso)) return null;
  const text = new Date(iso).toISOString();
  return el("time", { datetime: text, class: "unbroken" }, `${text.slice(0, 10)} ${text.slice(11, 16)}`);
};

/** How long before `now` something was, in one unit. */
const ago = (iso, now) => {
  const seconds = Math.max(0, (new Date(now) - new Date(iso)) / 1000);
  const [unit, size] = [["d", 86400], ["h", 3600], ["min", 60]].find(([, each]) => seconds >= 2 * each) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit} ago`;
};

const number = (value) => {
  if (typeof value !== "number") return absent(value) ? null : String(value);
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
};

/** A distance from the baseline, where 1 is the threshold. */
const thresholds = (times) => `${Number(times.toPrecision(2))} × threshold`;

const percent = (value, digits = 1) => (absent(value) ? null : `${Number((value * 100).toFixed(digits))} %`);

const estimate = (found) => {
  if (!found || absent(found.value)) return null;
  const bounds = absent(found.low) || absent(found.high) ? "" : ` (${number(found.low)} to ${number(found.high)})`;
  return `${number(found.value)}${bounds}`;
};

const plain = (name) => clean(name).replaceAll("_", " ");

const TONES = {
  live: "good", ok: "good", registered: "good", complete: "good", advance: "good", concluded: "good", better: "good", approved: "good",
  drift: "bad", rolled_back: "bad", roll_back: "bad", failed: "bad", harmful: "bad", invalid: "bad", rejected: "bad", expired: "bad",
  open: "warn", shifting: "warn", sharing: "warn", running: "warn", starting: "warn", concluding: "warn", hold: "warn", pending: "warn",
  insufficient_data: "warn", no_baseline: "warn",
};

const status = (name) => (absent(name) ? null : badge(plain(name), Object.hasOwn(TONES, name) ? TONES[name] : "idle"));

/** A nested value on one line: of a long one the beginning. */
const flat = (value) => {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.map(flat).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([key, each]) => `${plain(key)} ${flat(each)}`).join(", ");
  return typeof value === "number" ? number(value) : String(value);
};

const shortened = (text, length = 300) => (text.length > length ? `${text.slice(0, length)} …` : text);

const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

const UNDER_WAY = ["open", "shifting"];
const inProgress = (model) => ({
  release: model.releases.find((each) => UNDER_WAY.includes(each.status)),
  experiment: model.experiments.find((each) => each.under_way),
  run: model.runs.find((each) => each.status === "running"),
});

const newestWindow = (model) => model.drift.windows.at(-1);

/** What somebody has to know of a model at once: words and their tone, the worst first. */
const signs = (model) => {
  const { release, experiment, run } = inProgress(model);
  const seen = newestWindow(model);
  return [
    model.alarms.length && [`${plural(model.alarms.length, "alarm")} ringing`, "bad"],
    seen?.status === "drift" && ["drift", "bad"],
    release?.approval === "pending" && [`release ${release.number} waits for consent`, "warn"],
    release && release.approval !== "pending" && [`release ${release.number} under way`, "warn"],
    experiment && [`experiment ${experiment.id}`, "warn"],
    run && ["training", "warn"],
    !model.champion && ["not released", "idle"],
    seen?.status === "ok" && ["no drift", "good"],
    seen && !["ok", "drift"].includes(seen.status) && [`watch: ${plain(seen.status)}`, "idle"],
  ].filter(Boolean);
};
