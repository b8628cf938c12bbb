"""The histogram of a regression's errors."""

from itertools import pairwise

from lambdaloop.domain.holdout_findings import Histogram
from lambdaloop.reporting.markup import Markup
from lambdaloop.reporting.plot import Axis, Plot
from lambdaloop.reporting.scales import short


def residual_chart(histogram: Histogram, *, width: int, height: int) -> Markup:
    """Rows by error, with a line at none."""
    edges, counts = histogram.edges, histogram.counts
    top = max((*counts, 1)) * 1.08
    plot = Plot(
        Axis(label="actual − predicted", low=edges[0], high=edges[-1]),
        Axis(label="rows", low=0.0, high=top),
        width=width,
        height=height,
    )
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        plot.bar(low, high, count, 1, about=f"{short(low)} to {short(high)}: {count:,}")
    if edges[0] < 0 < edges[-1]:
        plot.rule(0.0, "no error", vertical=True)
    about = f"Histogram of the errors of {sum(counts):,} rows, from {short(edges[0])} to {short(edges[-1])}"
    return plot.drawn(about)
