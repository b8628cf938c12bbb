"""The compiled form of how columns are prepared."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.compiled import Part
from lambdaloop.domain.definition import Feature
from lambdaloop.training.pipelines import numeric_columns, split_categories, text_columns


def compile_columns(pipeline: Pipeline, features: Mapping[str, Feature], candidate: Candidate) -> Part:
    """What the ColumnTransformer gives, block after block, less the columns that were not kept."""
    transformer = pipeline.named_steps["columns"]
    place = {name: index for index, name in enumerate(features)}
    numeric, category = numeric_columns(features), split_categories(features, candidate)
    blocks: list[Part] = []
    if numeric:
        steps = transformer.named_transformers_["numeric"]
        blocks.append(
            Part(
                kind="numbers",
                arrays={"places": _integers([place[name] for name in numeric])},
                parts=_number_steps(steps) if isinstance(steps, Pipeline) else (),
            )
        )
    if category["one_hot"]:
        blocks.append(_one_hot({name: place[name] for name in category["one_hot"]}, features))
    # Native categories stay codes: the splits of the trees know which of them go where.
    blocks += [
        _codes({name: place[name] for name in category[way]}, features)
        for way in ("ordinal", "native")
        if category[way]
    ]
    blocks += [
        _text(place[name], transformer.named_transformers_[f"text {name}"]) for name in text_columns(features)
    ]
    arrays = {}
    if "keep" in pipeline.named_steps:
        arrays["kept"] = _integers(pipeline.named_steps["keep"].get_support(indices=True))
    return Part(kind="columns", arrays=arrays, parts=tuple(blocks))


def _number_steps(steps: Pipeline) -> tuple[Part, ...]:
    imputer = steps.named_steps["impute"]
    marked = imputer.indicator_.features_ if imputer.add_indicator else []
    parts = [
        Part(
            kind="fill",
            arrays={"filling": imputer.statistics_.astype(np.float64), "marked": _integers(marked)},
        )
    ]
    if "scale" in steps.named_steps:
        parts.append(_scaling(steps.named_steps["scale"]))
    if "multiply" in steps.named_steps:
        parts.append(_products(steps.named_steps["multiply"]))
    return tuple(parts)


def _scaling(
    scaler: "StandardScaler | RobustScaler | MaxAbsScaler | MinMaxScaler",
) -> Part:
    if isinstance(scaler, MinMaxScaler):
        return Part(kind="stretch", arrays={"factor": scaler.scale_, "shift": scaler.min_})
    centre = {StandardScaler: "mean_", RobustScaler: "center_"}.get(type(scaler))
    middle = getattr(scaler, centre) if centre else np.zeros(len(scaler.scale_))
    return Part(kind="centre", arrays={"centre": middle, "scale": scaler.scale_})


def _products(multiplier: Any) -> Part:
    """Each product as an earlier column of the result times one of the first columns."""
    columns = multiplier.n_features_in_
    place: dict[tuple[int, ...], int] = {}
    earlier, factor = [], []
    for index, powers in enumerate(multiplier.powers_):
        factors = tuple(np.repeat(np.arange(columns), powers).tolist())
        place[factors] = index
        if len(factors) > 1:
            earlier.append(place[factors[:-1]])
            factor.append(factors[-1])
    return Part(kind="products", arrays={"earlier": _integers(earlier), "factor": _integers(factor)})


def _one_hot(places: Mapping[str, int], features: Mapping[str, Feature]) -> Part:
    repeated: list[int] = []
    codes: list[float] = []
    for name, place in places.items():
        count = len(features[name].categories) + features[name].nullable
        repeated += [place] * count
        codes += range(count)
    return Part(kind="one_hot", arrays={"places": _integers(repeated), "codes": np.array(codes, dtype=float)})


def _codes(places: Mapping[str, int], features: Mapping[str, Feature]) -> Part:
    """For each column a table: unseen (-1), every category in order, missing."""
    starts: list[int] = []
    numbers: list[float] = []
    for name in places:
        starts.append(len(numbers) + 1)
        numbers += [-1.0, *map(float, range(len(features[name].categories))), -1.0]
    return Part(
        kind="codes",
        arrays={
            "places": _integers(list(places.values())),
            "starts": _integers(starts),
            "numbers": np.array(numbers),
        },
    )


def _text(place: int, vectorizer: Any) -> Part:
    return Part(
        kind="text",
        values={
            "place": place,
            "terms": vectorizer.get_feature_names_out().tolist(),
            "longest": vectorizer.ngram_range[1],
            "damped": vectorizer.sublinear_tf,
        },
        arrays={"weights": vectorizer.idf_},
    )


def _integers(values: Any) -> Any:
    return np.asarray(values, dtype=np.int32)
