"""Replaces a marked part of a document, and nothing else of it."""

import re


class SectionMissingError(LookupError):
    """A document has no such part; the message says which lines it needs."""


def with_section(document: str, name: str, body: str) -> str:
    r"""The document with what stands between the lines `<!-- NAME -->` and `<!-- /NAME -->` replaced.

    >>> with_section("a\n<!-- x -->\nold\n<!-- /x -->\nb\n", "x", "new")
    'a\n<!-- x -->\nnew\n<!-- /x -->\nb\n'
    """
    old = re.compile(rf"(?<=<!-- {re.escape(name)} -->\n).*?(?=<!-- /{re.escape(name)} -->\n)", re.DOTALL)
    if not old.search(document):
        raise SectionMissingError(
            f"there is no section {name!r}: add the lines <!-- {name} --> and <!-- /{name} -->"
        )
    return old.sub(lambda _: f"{body}\n", document)
