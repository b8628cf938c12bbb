"""Whether a feature has more missing, out-of-range or unseen values than the baseline: often a broken source, not a new world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lambdaloop.domain.profile import ColumnProfile, NumericProfile
from lambdaloop.monitoring.false_discovery import adjusted_p_values
from lambdaloop.monitoring.significance import excess_p_value

MIN_EXCESS = 0.02
"""Two points more than in the baseline: less is no problem, however certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rate:
    kind: str
    found: int
    rows: int


def find_problems(
    current: Mapping[str, ColumnProfile],
    baseline: Mapping[str, ColumnProfile],
    *,
    min_rows: int,
    significance: float,
) -> Mapping[str, str]:
    """By feature, in words with the rates; significance is the share of false ones among them."""
    pairs = [
        (name, now, before)
        for name, column in current.items()
        for now, before in zip(_rates(column), _rates(baseline[name]), strict=True)
        if now.rows >= min_rows and before.rows
    ]
    adjusted = adjusted_p_values(
        [excess_p_value(now.found, now.rows, before.found, before.rows) for _, now, before in pairs]
    )
    problems: dict[str, list[str]] = {}
    for (name, now, before), p_value in zip(pairs, adjusted, strict=True):
        share, usual = now.found / now.rows, before.found / before.rows
        if p_value <= significance and share - usual >= MIN_EXCESS:
            problems.setdefault(name, []).append(
                f"{share:.1%} of the values are {now.kind}, {usual:.1%} in the baseline"
            )
    return {name: "; ".join(texts) for name, texts in problems.items()}


def _rates(column: ColumnProfile) -> Iterator[_Rate]:
    yield _Rate(kind="missing", found=column.missing, rows=column.rows)
    known = column.rows - column.missing
    if isinstance(column, NumericProfile):
        yield _Rate(kind="out of range", found=column.out_of_range, rows=known)
    else:
        yield _Rate(kind="unseen", found=column.unseen, rows=known)
