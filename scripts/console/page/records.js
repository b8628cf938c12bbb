// One model's records: releases, versions and trainings, experiments, decisions, the audit trail.

/** A link to a whole report, where the console can ask for one. */
const report = (snapshot, model, kind, id, text) =>
  snapshot.reports
    ? el(
        "a",
        { href: [snapshot.reports + encodeURIComponent(model.name), kind, encodeURIComponent(id)].join("/"), target: "_blank", rel: "noopener" },
        text,
        el("span", { class: "unseen" }, ` of ${kind} ${id}, in a new tab`),
      )
    : null;

const judged = (judgement, open) =>
  el(
    "details",
    { open },
    el("summary", {}, judgement.title),
    el("p", {}, judgement.reasons.join("; ")),
    judgement.figures.length
      ? table(`Figures of ${judgement.title}`, ["Figure", "New version#", "Version before#", "Expected by training#"], judgement.figures)
      : null,
  );

const releases = (model, snapshot) =>
  model.releases.length
    ? model.releases.map((release) =>
        el(
          "article",
          { class: "record", "data-row": true },
          el("h2", {}, `Release ${release.number} of version ${release.version} `, status(release.status)),
          facts([
            ["Opened", moment(release.created_at)],
            ["Live since", moment(release.live_at)],
            ["Workflow ended", moment(release.closed_at)],
            ["Asked for by", `${release.requested_by}: ${release.reason}`],
            ["Steps", release.steps.map((step) => `${step} %`).join(" → ")],
            ["Experiment", release.experiment],
            ["Consent", status(release.approval)],
            ["Outcome", release.outcome],
            ["Lambda version", release.lambda_version],
            ["Report", report(snapshot, model, "release", release.number, "Steps in pictures")],
          ]),
          release.judgements.map((each, place) => judged(each, place === release.judgements.length - 1)),
        ),
      )
    : nothing("No release yet: run `lambdaloop train` and it begins by itself, or `lambdaloop releases start`.");

const gate = (version) => {
  const failed = (version.gate.checks ?? []).filter((check) => check.passed === false);
  return version.gate.passed ? badge("passed", "good") : badge(failed.map((check) => check.name).join(", ") || "failed", "bad");
};

const versions = (model, snapshot) => [
  section(
    "Versions",
    model.versions.length
      ? table(
          "Versions",
          ["Version", ...(snapshot.reports ? ["Report"] : []), "Alias", "Estimator", "Metric", "Gate", "Rows#", "Captured rows#", "Served by", "Made"],
          model.versions.map((version) => [
            version.number,
            ...(snapshot.reports ? [report(snapshot, model, "version", version.number, "Model card")] : []),
            version.number === model.champion?.version ? badge("champion", "good") : null,
            version.estimator,
            el("span", { class: "unbroken" }, `${plain(version.metric)} ${number(version.metrics[version.metric]) ?? "–"}`),
            gate(version),
            number(version.rows),
            number(version.captured_rows),
            version.runtime,
            moment(version.created_at),
          ]),
        )
      : nothing("No version yet: run `lambdaloop train`."),
  ),
  section(
    "Trainings",
    model.runs.length
      ? table(
          "Trainings",
          ["Training", "Ended as", "Version#", "Begun", "Why~", "Asked for by"],
          model.runs.map((run) => [run.id, status(run.status), run.version, moment(run.started_at), run.reason, run.requested_by]),
        )
      : nothing("Nothing was trained yet."),
  ),
];

const armRows = (experiment) =>
  experiment.arms.map((arm) => {
    const figures = experiment.look?.figures[arm.name];
    const contrast = experiment.look?.contrasts.find((each) => each.arm === arm.name);
    return [
      arm.name,
      arm.version,
      percent(arm.share / 10000),
      number(figures?.units),
      number(figures?.measured),
      figures?.measured ? number(figures.total / figures.measured) : null,
      contrast ? estimate({ value: contrast.difference, low: contrast.low, high: contrast.high }) : null,
      figures && `${number(figures.failures)} of ${number(figures.requests)}`,
    ];
  });

const experiments = (model, snapshot) =>
  model.experiments.length
    ? model.experiments.map((experiment) =>
        el(
          "article",
          { class: "record", "data-row": true },
          el("h2", {}, `${experiment.id} `, status(experiment.status), " ", status(experiment.look?.verdict)),
          el("p", {}, experiment.conclusion ?? experiment.look?.reason ?? "Nothing was looked at yet."),
          table(
            `Arms of ${experiment.id}`,
            ["Arm", "Version#", "Share#", "Units#", "With an outcome#", "Mean outcome#", "Beside the control#", "Failed requests#"],
            armRows(experiment),
          ),
          facts([
            ["Outcome", `${plain(experiment.outcome)}; a difference of ${number(experiment.smallest_effect)} counts`],
            ["Design", `${experiment.design}, ${experiment.policy} shares, ${experiment.assignment}`],
            ["Arms got the units they should", experiment.look && !absent(experiment.look.sample_ratio_p) ? `p ${number(experiment.look.sample_ratio_p)}` : null],
            ["Winner", experiment.winner],
            ["Asked for by", `${experiment.requested_by}: ${experiment.reason}`],
            ["Began", moment(experiment.started_at)],
            ["Ended", moment(experiment.ended_at)],
            ["Report", report(snapshot, model, "experiment", experiment.id, "Looks in pictures")],
          ]),
        ),
      )
    : nothing("No experiment yet: `lambdaloop experiment start` begins one.");

const decisionLine = (decision) => [
  el(
    "p",
    {},
    badge(decision.retrain ? "train again" : "leave it", decision.retrain ? "warn" : "idle"),
    decision.storm ? [" ", badge("storm", "bad")] : null,
    " ",
    decision.reason,
  ),
  el("p", { class: "note" }, moment(decision.at), ` asked by ${plain(decision.cause)} (${decision.requested_by})`, decision.run ? `, training ${decision.run}` : ""),
  decision.checks.length
    ? more(
        `${plural(decision.checks.length, "question")} and their answers`,
        el(
          "ul",
          { class: "checks" },
          decision.checks.map((check) =>
            el("li", {}, badge(check.passed ? "yes" : "no", check.passed ? "good" : "idle"), " ", el("b", {}, plain(check.name)), `: ${check.reason}`),
          ),
        ),
      )
    : null,
];

const decisions = (model) => [
  model.quiet_decisions
    ? nothing(`Besides, nothing was wrong ${plural(model.quiet_decisions, "time")} that the watch asked.`)
    : null,
  model.decisions.length
    ? model.decisions.map((decision) => el("article", { class: "record", "data-row": true }, decisionLine(decision)))
    : nothing("The governor decided nothing yet."),
];

const audit = (model) =>
  model.events.length
    ? section(
        "Newest first",
        table(
          "Audit trail",
          ["Time", "What", "Who", "Details~"],
          model.events.map((event) => [moment(event.at), plain(event.kind), event.actor, shortened(flat(event.detail))]),
        ),
      )
    : nothing("Nothing happened yet.");
