"""Function names in every form AWS takes: name, partial and full ARN, each with or without a qualifier."""

import re
from dataclasses import dataclass

from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.lambda_host.errors import InvalidParameterError

_FORMS = re.compile(
    r"(?:(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):)?(?P<account>\d{12}):(?:function:)?)?"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function, and what of it is meant: a version, an alias, or (None) whatever is latest."""

    name: str
    qualifier: str | None = None

    @property
    def arn(self) -> str:
        """The ARN as the caller named it."""
        plain = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{self.name}"
        return f"{plain}:{self.qualifier}" if self.qualifier else plain


def parse_name(text: str, qualifier: str | None = None) -> FunctionName:
    """Read a FunctionName parameter and a Qualifier parameter together.

    Raises InvalidParameterError for a name in no known form, or for two different qualifiers.
    """
    found = _FORMS.fullmatch(text)
    if found is None:
        raise InvalidParameterError(f"no function can have the name {text!r}: give a name or an ARN")
    if found["account"] not in {None, ACCOUNT_ID} or found["region"] not in {None, REGION}:
        raise InvalidParameterError(f"the local cloud is account {ACCOUNT_ID} in {REGION}, got {text!r}")
    own = found["qualifier"]
    if own and qualifier and own != qualifier:
        raise InvalidParameterError(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return FunctionName(found["name"], own or qualifier or None)
