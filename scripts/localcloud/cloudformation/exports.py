"""Values that stacks give to one another: who exports what, who uses it, and what must therefore not change."""

from collections.abc import Callable, Iterable

from scripts.localcloud.cloudformation.errors import ValidationError
from scripts.localcloud.cloudformation.stack import Output, Stack


class Exports:
    """The exports of all living stacks."""

    def __init__(self, living: Callable[[], Iterable[Stack]]) -> None:
        self._living = living

    def all(self) -> dict[str, tuple[Stack, Output]]:
        """Every exported output by its export name."""
        return {
            output.export: (stack, output)
            for stack in self._living()
            for output in stack.outputs
            if output.export is not None
        }

    def value(self, name: str) -> str:
        """The value exported under a name. Raises ValidationError if there is none."""
        exports = self.all()
        if name not in exports:
            raise ValidationError(f"No export named {name} found.")
        return exports[name][1].value

    def importers(self, name: str) -> list[str]:
        """Names of the stacks that use an export."""
        return [stack.name for stack in self._living() if name in stack.imports]

    def check_update(self, stack: Stack, outputs: Iterable[Output]) -> None:
        """Raises ValidationError when these new outputs of `stack` would break another stack."""
        new = {output.export: output.value for output in outputs if output.export}
        for name, (owner, _) in self.all().items():
            if owner is not stack and name in new:
                raise ValidationError(f"Export with name {name} is already exported by stack {owner.name}")
        for output in stack.outputs:
            if output.export is None or new.get(output.export) == output.value:
                continue
            if users := self.importers(output.export):
                verb = "updated" if output.export in new else "deleted"
                raise ValidationError(
                    f"Export {output.export} cannot be {verb} as it is in use by {', '.join(users)}"
                )

    def check_deletion(self, stack: Stack) -> None:
        """Raises ValidationError while another stack uses an export of this one."""
        for output in stack.outputs:
            users = [user for user in self.importers(output.export or "") if user != stack.name]
            if users:
                raise ValidationError(
                    f"Delete canceled. Cannot delete export {output.export} as it is in use by {', '.join(users)}."
                )
