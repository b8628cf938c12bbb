"""Drafts a model definition from data, for a person to read and correct."""

import difflib
import statistics
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lambdaloop.domain.candidate import Candidate, Estimator
from lambdaloop.domain.column_inference import guess_feature, is_number
from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.definition import (
    RESERVED_FIELDS,
    Data,
    Feature,
    Gate,
    Label,
    ModelDefinition,
    Training,
)
from lambdaloop.domain.errors import DatasetEmptyError, DatasetInvalidError, DefinitionInvalidError
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.serving_rules import Serving

_MAX_CLASSES = 20
_ROWS_OF_A_CLASS = 3
"""On average at least: whole numbers that hardly ever come again are measured, and no names of classes."""
_LARGE = 20_000
_POSITIVE = frozenset({"yes", "y", "true", "t", "1", "positive", "pos"})
_METRIC: Mapping[Task, str] = {"binary": "roc_auc", "multiclass": "f1_macro", "regression": "rmse"}
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """A drafted definition and what its reader should know."""

    definition: ModelDefinition
    left_out: Mapping[str, str]
    """Column to the reason why it is no feature."""
    rows: int


def infer_definition(content: bytes, *, name: str, target: str, entity: str | None = None) -> Inference:
    """Read a whole CSV file and draft its definition.

    Raises DatasetInvalidError when the file is no CSV, DefinitionInvalidError when target or entity do not fit it.
    """
    columns, rows = read_csv(content, source="the file")
    _check_separator(columns)
    texts = dict(zip(columns, zip(*rows, strict=True), strict=False))
    if not texts:
        raise DatasetEmptyError("the file has a header but no rows")
    return infer_from_columns(texts, words=frozenset(), name=name, target=target, entity=entity)


def infer_from_columns(
    texts: Mapping[str, Sequence[str]],
    *,
    words: Collection[str],
    name: str,
    target: str,
    entity: str | None = None,
) -> Inference:
    """Draft a definition from columns of text; `words` are those whose writer made them text, even where it reads as a number.

    Raises DefinitionInvalidError when target or entity do not fit them.
    """
    columns = tuple(texts)
    for role, column in (("target", target), ("entity", entity)):
        if column is not None and column not in columns:
            raise DefinitionInvalidError(
                f"{role} {column!r} is no column of the file: {_suggestion(column, columns)}"
            )
    task, classes = _task(target, texts[target], words=target in words)
    features, left_out = _features(texts, words, {target, entity})
    try:
        definition = ModelDefinition(
            name=name,
            task=task,
            target=target,
            entity=entity,
            classes=classes,
            features=features,
            data=Data(location=f"{name}/"),
            training=_training(task, texts[target]),
            gate=Gate(max_drop=_drop(task, texts[target], 0.01)),
            serving=Serving(capture=tuple(features)),
            monitoring=Monitoring(max_performance_drop=_drop(task, texts[target], 0.05)),
        )
    except ValueError as error:
        raise DefinitionInvalidError(str(error)) from error
    return Inference(definition=definition, left_out=left_out, rows=len(texts[target]))


def _check_separator(columns: Sequence[str]) -> None:
    for character, name in _OTHER_SEPARATORS.items():
        if len(columns) == 1 and character in columns[0]:
            raise DatasetInvalidError(
                f"the header is one column with {name}, {columns[0]!r}: separate columns by commas"
            )


def _suggestion(wanted: str, columns: Sequence[str]) -> str:
    """The column that was meant, where one differs in blanks, case or a letter or two only."""
    plain = {column.strip().lower(): column for column in columns}
    known = ", ".join(map(repr, columns))
    if similar := difflib.get_close_matches(wanted.strip().lower(), plain, n=1, cutoff=0.75):
        return f"did you mean {plain[similar[0]]!r}? It has {known}"
    return f"use one of {known}"


def _features(
    texts: Mapping[str, Sequence[str]], words: Collection[str], taken: set[str | None]
) -> tuple[dict[str, Feature], dict[str, str]]:
    features: dict[str, Feature] = {}
    left_out: dict[str, str] = {}
    for column, values in texts.items():
        if column in taken:
            continue
        if column in RESERVED_FIELDS or not column:
            left_out[column] = "has a name that is taken: rename it"
            continue
        guess = guess_feature(values, words=column in words)
        if guess.feature is not None:
            features[column] = guess.feature
        elif guess.left_out is not None:
            left_out[column] = guess.left_out
    if not features:
        why = "; ".join(f"{column!r} {reason}" for column, reason in left_out.items())
        raise DefinitionInvalidError(f"no column is left to predict from: {why}")
    return features, left_out


def _task(target: str, texts: Sequence[str], *, words: bool) -> tuple[Task, tuple[Label, ...]]:
    known = Counter(text for text in texts if text.strip())
    numeric = not words and all(map(is_number, known))
    whole = numeric and all(float(text).is_integer() for text in known)
    labels: Counter[Label] = Counter()
    for text, count in known.items():
        labels[_label(text, whole=whole, truth=not words and _are_truths(known))] += count
    if len(labels) < 2:
        raise DefinitionInvalidError(
            f"target {target!r} needs at least two different values, got {list(labels) or 'none'}"
        )
    if len(labels) == 2:
        return "binary", _positive_last(labels)
    few = labels.total() < _ROWS_OF_A_CLASS * len(labels)  # twenty rows with fourteen weights in pounds
    if numeric and not (whole and len(labels) <= _MAX_CLASSES and not few):
        return "regression", ()
    if len(labels) > _MAX_CLASSES:
        raise DefinitionInvalidError(
            f"target {target!r} has {len(labels)} different texts, at most {_MAX_CLASSES} make classes: group rare ones"
        )
    return "multiclass", tuple(sorted(labels, key=lambda label: (str(type(label)), label)))


def _are_truths(known: Counter[str]) -> bool:
    return {text.strip().lower() for text in known} <= {"true", "false"}


def _label(text: str, *, whole: bool, truth: bool) -> Label:
    if truth:
        return text.strip().lower() == "true"
    return int(float(text)) if whole else text


def _positive_last(labels: Counter[Label]) -> tuple[Label, ...]:
    """A word that says yes, else the rarer label: that is what people want to find."""
    return tuple(
        sorted(
            labels, key=lambda label: (str(label).strip().lower() in _POSITIVE, -labels[label], str(label))
        )
    )


def _training(task: Task, target: Sequence[str]) -> Training:
    linear: Estimator = "ridge" if task == "regression" else "logistic_regression"
    estimators: tuple[Estimator, ...] = (linear, "random_forest", "hist_gradient_boosting")
    folds = 3 if len(target) > _LARGE else 5
    if task != "regression":
        rarest = min(count for text, count in Counter(target).items() if text.strip())
        folds = max(
            2, min(folds, rarest * 7 // 10 // 2)
        )  # two rows of each class per fold, 70 % are surely in training
    return Training(
        metric=_METRIC[task],
        candidates=tuple(Candidate(name=kind.replace("_", "-"), estimator=kind) for kind in estimators),
        folds=folds,
    )


def _drop(task: Task, target: Sequence[str], share: float) -> float:
    """A share of 1, or of the target's spread where the metric has its unit."""
    if task != "regression":
        return share
    spread = statistics.pstdev(float(text) for text in target if text.strip())
    return float(f"{spread * share:.2g}")
