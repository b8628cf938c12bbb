"""What tests type: each call of the installed command, and of the same app in their own process."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
_TYPED = {"lambdaloop", "read", "run"}
"""The functions of tests/typed.py."""


def typed_in_tests() -> Iterator[list[str]]:
    """The words of each command; what a test puts in while it runs is left out."""
    for path in sorted(TESTS.rglob("test_*.py")) + sorted(TESTS.rglob("conftest.py")):
        text = path.read_text(encoding="utf-8")
        if '"scripts" / "demo"' in text:
            yield ["demo", *_words(ast.parse(text))]  # scripts/demo hands on all that it gets
        for expression in ast.walk(ast.parse(text)):
            if words := _command(expression):
                yield words


def _command(expression: ast.AST) -> list[str]:
    match expression:
        case ast.Call(func=ast.Name(id=name), args=args) if name in _TYPED:
            pass
        case ast.Call(func=ast.Attribute(attr="invoke"), args=[ast.Name(id="app"), ast.List(elts=args), *_]):
            pass
        case ast.List(elts=[ast.Call(args=[ast.Name(id="COMMAND")]), *args]):
            pass
        case _:
            return []
    return [word for argument in args for word in _words(argument)]


def _words(tree: ast.AST) -> list[str]:
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
