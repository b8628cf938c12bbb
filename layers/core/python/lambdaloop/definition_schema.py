"""Validates what people type into `models/NAME.yaml`, with messages that name the file, the line and the fix.

The rules themselves are in `domain.definition`; pydantic reads them off those classes, and gives editors their JSON Schema.
Imported at synth and by the command line, never in a Lambda function.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import DefinitionInvalidError

_ADAPTER = TypeAdapter(ModelDefinition)


class _WordsForKeys(yaml.SafeLoader):
    """YAML 1.1 reads an unquoted on, off, yes or no as a truth; as a key, such as retraining.on, it is a name."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT002  (PyYAML's)
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:bool":
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep=deep)


def load_definition(path: Path) -> ModelDefinition:
    """Read and validate one definition file.

    Raises DefinitionInvalidError with one line per problem: `file:line: path: problem`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionInvalidError(
            f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8"
        ) from error
    return parse_definition(text, source=str(path))


def load_definitions(folder: Path) -> list[ModelDefinition]:
    """Read every `*.yaml` of a folder, in the order of their names; model names must differ."""
    definitions: dict[str, ModelDefinition] = {}
    for path in sorted(folder.glob("*.yaml")):
        definition = load_definition(path)
        if definition.name in definitions:
            raise DefinitionInvalidError(
                f"{path}: name: {definition.name!r} is taken by another file of {folder}"
            )
        definitions[definition.name] = definition
    return list(definitions.values())


def parse_definition(text: str, *, source: str) -> ModelDefinition:
    """Validate the text of a definition; `source` is what error messages call it."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.load(text, Loader=_WordsForKeys)  # noqa: S506  (a SafeLoader, ruff cannot see that)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not a YAML document"
        raise DefinitionInvalidError(f"{source}{line}: {problem}") from error
    if not isinstance(document, dict):
        raise DefinitionInvalidError(
            f"{source}:1: expected a mapping that starts with 'name:', got {type(document).__name__}"
        )
    if slips := [f"{source}:{line}: {told}" for line, told in (*_repeated_keys(root), *_bare_words(root))]:
        raise DefinitionInvalidError("\n".join(slips))
    try:
        return _ADAPTER.validate_python(document)
    except ValidationError as error:
        problems = [_problem(source, root, details) for details in error.errors()]
        raise DefinitionInvalidError("\n".join(problems)) from error


def json_schema() -> Document:
    """The JSON Schema of a definition file, for editors' completion and checking."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_ADAPTER.json_schema(),
        "title": "Lambdaloop model definition",
    }


def _repeated_keys(root: Any) -> Iterator[tuple[int, str]]:
    """YAML readers keep the last of two equal keys and drop the others without a word."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop(0)
        if id(node) in seen:  # an anchor may lead back to its own parent
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting.extend(value for _, value in node.value)
            first: dict[str, int] = {}
            for key, _ in node.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode) and first.setdefault(key.value, line) != line:
                    yield line, f"{key.value!r} is given in line {first[key.value]} already: keep one of them"


def _bare_words(root: Any) -> Iterator[tuple[int, str]]:
    """YAML 1.1 reads an unquoted yes, no, on or off as a truth; as a label or a category it was meant as a word."""
    lists = [("classes", node) for node in _under(root, "classes")]
    for features in _under(root, "features"):
        for name, feature in features.value if isinstance(features, yaml.MappingNode) else []:
            path = f"features.{name.value}.categories"
            lists += [(path, node) for node in _under(feature, "categories")]
    for path, node in lists:
        for place, item in enumerate(node.value if isinstance(node, yaml.SequenceNode) else []):
            is_truth = item.tag == "tag:yaml.org,2002:bool"
            if is_truth and (path != "classes" or item.value.lower() not in ("true", "false")):
                line = item.start_mark.line + 1
                yield line, f'{path}[{place}]: YAML reads {item.value} as a truth: quote it, "{item.value}"'


def _under(node: Any, name: str) -> Iterator[Any]:
    if isinstance(node, yaml.MappingNode):
        yield from (value for key, value in node.value if key.value == name)


def _problem(source: str, root: Any, details: Any) -> str:
    path, line = _locate(root, details["loc"])
    message = details["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message[:1].lower() + message[1:]
    if details["type"] in ("missing", "missing_argument"):
        message = "required field is missing: add it"
    elif details["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        message = "unknown field: remove it or check its spelling"
    elif not details["msg"].startswith("Value error"):
        message = f"{message}, got {details['input']!r}"
    return f"{source}:{line}: {path + ': ' if path else ''}{message}"


def _locate(node: Any, location: tuple[str | int, ...]) -> tuple[str, int]:
    """Follow a pydantic location into the YAML tree: the dotted path and the 1-based line where it ends.

    A location may name union members that are no part of the document; those are passed over.
    """
    path, line = "", node.start_mark.line + 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found:
                line, node = found[0].start_mark.line + 1, found[1]
            elif step != location[-1]:
                continue
            path += f".{step}" if path else str(step)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line, path = node.start_mark.line + 1, f"{path}[{step}]"
    return path, line
