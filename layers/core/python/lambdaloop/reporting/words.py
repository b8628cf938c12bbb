"""How names and values of the domain are said on a page."""

from collections.abc import Mapping
from datetime import datetime

from lambdaloop.domain.metrics import greater_is_better
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.reporting.markup import Markup, tag
from lambdaloop.reporting.scales import moment, short

_METRICS: Mapping[str, str] = {
    "roc_auc": "ROC AUC",
    "roc_auc_ovr": "ROC AUC, one against the rest",
    "average_precision": "average precision",
    "f1": "F1",
    "f1_macro": "F1, mean of the classes",
    "log_loss": "log loss",
    "brier": "Brier score",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "calibration_error": "calibration error",
}


def metric_name(metric: str) -> str:
    """As people write it.

    >>> metric_name("roc_auc"), metric_name("accuracy")
    ('ROC AUC', 'accuracy')
    """
    return _METRICS.get(metric, metric.replace("_", " "))


def direction(metric: str) -> str:
    """Which way is up."""
    return "higher is better" if greater_is_better(metric) else "lower is better"


def interval(estimate: Estimate) -> str:
    """Both ends, or nothing."""
    if estimate.low is None or estimate.high is None:
        return "–"
    return f"{short(estimate.low)} to {short(estimate.high)}"


def known_moment(at: datetime | None) -> str | None:
    """A time, or nothing."""
    return moment(at) if at else None


def sentence(text: str) -> str:
    """With a capital letter at its beginning and a full stop at its end.

    >>> sentence("9 of 100 requests failed"), sentence("all is well.")
    ('9 of 100 requests failed.', 'All is well.')
    """
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?" else ".")


def code(text: str) -> Markup:
    """An identifier."""
    return tag("code", text)


def digest(sha256: str) -> Markup:
    """The beginning of one; the whole as a tooltip."""
    return tag("code", sha256[:12] + "…" if len(sha256) > 12 else sha256, title=sha256)


def counted(count: float, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,.0f} {one if count == 1 else many or one + 's'}"
