"""What a pipeline says under a pull request: a table of metrics out of the demo's summaries, and the difference that a merge makes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LONGEST_DIFF = 60_000
"""GitHub takes 65,536 characters."""
_LONGEST_PROBLEM = 1_000


def metrics_comment(summaries: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]] = ()) -> str:
    """Markdown. before: summaries of the branch that this goes into, for what changed."""
    head = f"{_mark('metrics')}### Lambdaloop\n\n"
    if not summaries:
        return f"{head}No model was trained: none has a file `data/MODEL.csv`, or the job ended before; its log says which.\n"
    known = {each["model"]: each for each in before}
    return head + "\n".join(_model(each, known.get(each["model"])) for each in summaries)


def diff_comment(diff: str) -> str:
    """Markdown of what `cdk diff` printed; the middle of a long one is left out."""
    text = diff.strip().replace("```", "'''")
    if len(text) > _LONGEST_DIFF:
        half = _LONGEST_DIFF // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half:,} characters are left out …\n{text[-half:]}"
    return f"{_mark('diff')}### cdk diff\n\n<details><summary>What a merge would change</summary>\n\n```diff\n{text}\n```\n\n</details>\n"


def _mark(about: str) -> str:
    """A first line that nobody sees: the pipeline finds its comment by it, to write it anew instead of another one."""
    return f"<!-- lambdaloop {about} -->\n"


def _model(summary: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    return "\n".join([_outcome(summary), "", *_judged(summary, before)])


def _outcome(summary: Mapping[str, Any]) -> str:
    model = f"**{_cell(summary['model'])}**"
    outcome = summary.get("outcome")
    if outcome == "released":
        predictions = summary["predictions"]
        told = f"trained and released on the local cloud: {predictions['ok']:,} of {predictions['sent']:,} predictions answered."
    elif outcome == "rejected":
        told = "**rejected by the gate**."
    else:
        return f"{model} **failed**: {_cell(summary.get('problem', 'the log says why'))[:_LONGEST_PROBLEM]}"
    return f"{model} ({_cell(summary['task'])}, {summary['rows']:,} rows), {told}"


def _judged(summary: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[str]:
    """What the gate saw; nothing of a demo that did not come so far."""
    if "gate" not in summary:
        return
    yield from _metrics(summary["metrics"], before["metrics"] if before and "metrics" in before else None)
    yield from ("", "| gate | passed | reason |", "|---|---|---|")
    for check in summary["gate"].get("checks", []):
        yield f"| {_cell(check['name'])} | {'yes' if check['passed'] else '**no**'} | {_cell(check.get('reason') or '')} |"
    yield from ("", f"Candidates: {', '.join(_candidate(each) for each in summary['candidates'])}.", "")


def _metrics(metrics: Mapping[str, float | None], before: Mapping[str, float | None] | None) -> Iterator[str]:
    if before is None:
        yield from ("| metric | holdout |", "|---|---:|")
        yield from (f"| {_cell(name)} | {_number(value)} |" for name, value in metrics.items())
        return
    yield from ("| metric | holdout | before | change |", "|---|---:|---:|---:|")
    for name, value in metrics.items():
        old = before.get(name)
        change = "" if value is None or old is None else f"{value - old:+.4f}"
        yield f"| {_cell(name)} | {_number(value)} | {_number(old)} | {change} |"


def _candidate(found: Mapping[str, Any]) -> str:
    return f"{_cell(found['name'])} {_number(found.get('score'))}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _cell(text: str) -> str:
    """Text in a table: names come from files that a pull request may have written."""
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ").replace("@", "@\u200b")
