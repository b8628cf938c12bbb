// All models at once: those with trouble first.

const RANKS = ["bad", "warn", "good", "idle"];
const rank = (model) => Math.min(...signs(model).map(([, tone]) => RANKS.indexOf(tone)), RANKS.length);

const championOf = (model) => model.versions.find((each) => each.number === model.champion?.version);

const championText = (model) => {
  if (!model.champion) return "none yet";
  const version = championOf(model);
  const score = version ? `, ${plain(version.metric)} ${number(version.metrics[version.metric])}` : "";
  return `version ${model.champion.version}${score}`;
};

const partText = (part) =>
  part.release ? `release ${part.release} (version ${part.version})` : `Lambda version ${part.lambda_version}`;

const trafficText = (model) => model.traffic.map((part) => `${percent(part.share)} ${partText(part)}`).join(", ");

const recentText = ({ requests, server_errors }) =>
  `${plural(requests, "request")} in five minutes${server_errors ? `, ${number(server_errors)} failed` : ""}`;

const card = (model, snapshot) => {
  const [decision] = model.decisions;
  return el(
    "li",
    { class: "card", "data-row": true },
    el("h2", {}, el("a", { href: address(model.name) }, model.name)),
    el("p", { class: "badges" }, signs(model).map(([text, tone]) => [badge(text, tone), " "])),
    facts([
      ["Champion", championText(model)],
      ["Traffic", trafficText(model)],
      ["Lately", recentText(model.recent)],
      ["Governor", decision && `${decision.reason} (${ago(decision.at, snapshot.taken_at)})`],
    ]),
  );
};

const overview = (snapshot) => {
  const models = [...snapshot.models].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return [
    snapshot.alarms.length
      ? verdict("bad", `Alarms of the platform are ringing: ${snapshot.alarms.join(", ")}.`)
      : null,
    models.length
      ? el("ul", { class: "cards" }, models.map((model) => card(model, snapshot)))
      : nothing("No model is deployed here: write models/NAME.yaml and run `cdk deploy --all`."),
  ];
};
