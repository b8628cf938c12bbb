import json
from dataclasses import replace

import pytest

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import check_definition, definition_digest
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import DefinitionInvalidError
from tests.unit.training.sample_data import FEATURES, definition


def test_the_same_definition_has_the_same_digest_after_its_way_through_json() -> None:
    carried = from_document(ModelDefinition, json.loads(json.dumps(to_document(definition()))))
    check_definition(carried, definition_digest(definition()))


@pytest.mark.parametrize(
    "changed",
    [
        replace(definition(), classes=("yes", "no")),
        replace(definition(), features=dict(reversed(FEATURES.items()))),
        definition(training={"holdout": 0.3}),
    ],
)
def test_another_definition_is_refused_even_where_only_an_order_differs(changed: ModelDefinition) -> None:
    with pytest.raises(
        DefinitionInvalidError, match="the definition of 'sample' was deployed anew during the run: start a"
    ):
        check_definition(changed, definition_digest(definition()))
