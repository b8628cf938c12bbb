// One model: who answers now, what is in progress, what rings.

const bar = (model) => {
  const parts = model.traffic.map((part, place) => {
    const piece = el("div", { class: `part p${place}` }, part.share >= 0.15 ? percent(part.share) : null);
    piece.style.flexGrow = String(part.share);
    return piece;
  });
  const rows = model.traffic.map((part, place) => [
    [el("i", { class: `swatch p${place}`, "aria-hidden": "true" }), partText(part)],
    percent(part.share),
    part.lambda_version,
    part.arms.map((arm) => `${arm.name}: version ${arm.version}, ${percent(arm.share / 10000)}`).join("; "),
  ]);
  return [
    el("div", { class: "bar", role: "img", "aria-label": `Traffic now: ${trafficText(model)}` }, parts),
    table("Traffic now", ["Who answers", "Share#", "Lambda version#", "Arms of its experiment~"], rows),
  ];
};

const progressOfRelease = (release, snapshot) => {
  const seen = release.judgements.at(-1);
  const waits = release.approval === "pending" ? " It waits for somebody's consent." : "";
  return verdict(
    "warn",
    `Release ${release.number} of version ${release.version}, begun ${ago(release.created_at, snapshot.taken_at)}: `,
    seen ? `${seen.title}. ${seen.reasons.join("; ")}` : `steps ${release.steps.join(" → ")} %.`,
    waits,
  );
};

const progress = (model, snapshot) => {
  const { release, experiment, run } = inProgress(model);
  const found = [
    release && progressOfRelease(release, snapshot),
    experiment &&
      verdict(
        "warn",
        `Experiment ${experiment.id}, asked for ${ago(experiment.created_at, snapshot.taken_at)}: `,
        experiment.look ? experiment.look.reason : `${plain(experiment.status)}, nothing was looked at yet`,
      ),
    run && verdict("warn", `Training ${run.id}, begun ${ago(run.started_at, snapshot.taken_at)}: ${run.reason}`),
  ].filter(Boolean);
  return found.length ? found : nothing("No release, no experiment and no training.");
};

const now = (model, snapshot) => {
  const version = championOf(model);
  const seen = newestWindow(model);
  const [decision] = model.decisions;
  const { requests, server_errors, latency_seconds, until } = model.recent;
  const p95 = latency_seconds.p95;
  return [
    el("p", { class: "badges" }, signs(model).map(([text, tone]) => [badge(text, tone), " "])),
    tiles([
      {
        label: "Champion",
        value: model.champion ? `version ${model.champion.version}` : "none yet",
        note: model.champion && ago(model.champion.moved_at, snapshot.taken_at),
        words: true,
      },
      version && {
        label: `${plain(version.metric)} on the holdout`,
        value: number(version.metrics[version.metric]) ?? "–",
        note: version.estimator,
      },
      { label: "Requests in five minutes", value: number(requests), note: `until ${new Date(until).toISOString().slice(11, 16)}` },
      { label: "Failed of them", value: requests ? percent(server_errors / requests, 2) : "–" },
      { label: "95 % answered within", value: absent(p95) ? "–" : `${number(p95 * 1000)} ms` },
      {
        label: "Drifted features",
        value: absent(seen?.share) ? "–" : percent(seen.share, 0),
        note: seen ? plain(seen.status) : "not watched yet",
      },
    ].filter(Boolean)),
    section("Traffic now", bar(model)),
    section("In progress", progress(model, snapshot)),
    model.alarms.length
      ? section("Ringing alarms", el("ul", { class: "plain" }, model.alarms.map((name) => el("li", {}, el("code", {}, name)))))
      : null,
    decision ? section("The governor's last word", decisionLine(decision)) : null,
  ];
};
