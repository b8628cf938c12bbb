from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import Stack

from infra.app import new_app
from infra.constructs.layers import ModelLayers
from infra.packages import Packages
from infra.targets import find_target
from lambdaloop.definition_schema import load_definition
from lambdaloop.domain.runtime import RuntimeChoice
from lambdaloop.domain.serving_rules import Serving
from tests.infra.synthesis import DEFINITIONS


@pytest.mark.parametrize(
    ("runtime", "layer"),
    [("compiled", "serving-host-"), ("auto", "serving-sklearn-host-"), ("sklearn", "serving-sklearn-host-")],
)
def test_scikit_learn_is_attached_where_the_definition_lets_it_serve(
    runtime: RuntimeChoice, layer: str, checkout: Path, tmp_path: Path
) -> None:
    definition = load_definition(DEFINITIONS / "churn.yaml")
    layers = ModelLayers(
        Stack(new_app(outdir=tmp_path), "Churn"),
        "Layers",
        packages=Packages(root=checkout, target=find_target("host")),
        definition=replace(definition, serving=Serving(runtime=runtime)),
    )
    assert layers.serving.asset.path.name.startswith(layer)
