"""Reads the text of each state machine once.

moto parses a definition when it is created, and again for every execution, which takes longer than most executions work.
"""

from functools import lru_cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
    SyntaxErrorListener,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud

_DEFINITIONS = 64  # more than all models of a deployment have


def install(cloud: Cloud) -> None:
    """Patch moto's interpreter."""
    syntax_tree = lru_cache(_DEFINITIONS)(_syntax_tree)

    def parse(definition: str) -> tuple[Any, Any]:
        tree = syntax_tree(definition)
        # What is evaluated is made anew from the tree: each state keeps the place of its notes on one execution.
        return Preprocessor().visit(tree), tree

    moto_seams.of(cloud).replace(AmazonStateLanguageParser, "parse", staticmethod(parse))


def _syntax_tree(definition: str) -> Any:
    """Raises ASLParserException, as moto's own does, for a text that is no definition."""
    listener = SyntaxErrorListener()
    parser = ASLParser(CommonTokenStream(ASLLexer(InputStream(definition))))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    tree = parser.state_machine()
    if listener.errors:
        raise ASLParserException(errors=listener.errors)
    return tree
