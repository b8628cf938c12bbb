"""The names that several deployments in one account and region must not share: each stage has names of its own.

Without a stage, names are those of a single deployment; they must not change, since stacks are found by them.
"""

import re
from dataclasses import dataclass

from lambdaloop.domain.errors import StageInvalidError

_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")
_COMMAND = re.compile(r"(^ *|`)lambdaloop (?=[a-z])", re.MULTILINE)
"""In a line of its own, or marked."""
_TAKEN = frozenset({"features", "deployer"})
"""What stands behind Lambdaloop in names of stacks that belong to no stage."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage such as dev, staging or prod; None for the only deployment of an account and region.

    >>> Stage("dev").model_stack("churn"), Stage(None).model_stack("churn")
    ('LambdaloopDev-churn', 'Lambdaloop-churn')
    """

    name: str | None = None

    def __post_init__(self) -> None:
        if self.name is None:
            return
        if not _NAME.fullmatch(self.name) or self.name in _TAKEN:
            raise StageInvalidError(
                f"stage {self.name!r} cannot be part of names: use up to 16 lower case letters and digits, a letter first, "
                f"and not {' or '.join(sorted(_TAKEN))}"
            )

    @property
    def platform_stack(self) -> str:
        """What all models share; no model's stack can be called so, because these have a hyphen."""
        return f"Lambdaloop{(self.name or '').capitalize()}"

    @property
    def feature_stack(self) -> str:
        """Stored features."""
        return f"{self.platform_stack}Features"

    @property
    def deployer_stack(self) -> str:
        """The role with which pipelines deploy."""
        return f"{self.platform_stack}Deployer"

    def model_stack(self, model: str) -> str:
        """What one model has of its own."""
        return f"{self.platform_stack}-{model}"

    @property
    def alarm_prefix(self) -> str:
        """What names of alarms begin with; no model's name has a dot, so no stage's alarm is another deployment's."""
        return f"lambdaloop.{self.name}-" if self.name else "lambdaloop-"

    def alarm(self, name: str) -> str:
        """An alarm's name in this stage, for the name that it has without one; others, which are not ours, stay.

        >>> Stage("dev").alarm("lambdaloop-churn-live-errors"), Stage("dev").alarm("orders-down")
        ('lambdaloop.dev-churn-live-errors', 'orders-down')
        """
        ours = Stage().alarm_prefix
        return self.alarm_prefix + name.removeprefix(ours) if name.startswith(ours) else name

    def without_stage(self, alarm: str) -> str:
        """An alarm's name as it is without this stage.

        >>> Stage("dev").without_stage("lambdaloop.dev-churn-live-errors")
        'lambdaloop-churn-live-errors'
        """
        ours = self.alarm_prefix
        return Stage().alarm_prefix + alarm.removeprefix(ours) if alarm.startswith(ours) else alarm

    def command(self, arguments: str) -> str:
        """What to type for this stage.

        >>> Stage("dev").command("releases list churn"), Stage(None).command("releases list churn")
        ('lambdaloop --stage dev releases list churn', 'lambdaloop releases list churn')
        """
        return f"lambdaloop --stage {self.name} {arguments}" if self.name else f"lambdaloop {arguments}"

    def cdk(self, arguments: str) -> str:
        """What to type to deploy this stage, and no other.

        >>> Stage("dev").cdk("deploy --all"), Stage(None).cdk("deploy --all")
        ('cdk deploy --all -c stage=dev', 'cdk deploy --all')
        """
        return f"cdk {arguments} -c stage={self.name}" if self.name else f"cdk {arguments}"

    def told(self, text: str) -> str:
        """A message of code that knows no stage, with this one in the commands that it names.

        >>> Stage("dev").told("see `lambdaloop releases list churn`")
        'see `lambdaloop --stage dev releases list churn`'
        """
        return _COMMAND.sub(lambda found: found[1] + self.command(""), text)

    @property
    def event_bus(self) -> str:
        """Where events of the registry go."""
        return f"lambdaloop.{self.name}" if self.name else "lambdaloop"

    def dashboard(self, model: str | None = None) -> str:
        """The platform's dashboard, or that of a model; no model's name has an underscore."""
        platform = f"lambdaloop_{self.name}" if self.name else "lambdaloop"
        return f"{platform}-{model}" if model else platform

    @property
    def metric_namespace(self) -> str:
        """Where metrics go; within it they are told apart by model only."""
        return f"Lambdaloop/{self.name}" if self.name else "Lambdaloop"


ONLY = Stage()
"""The only deployment of an account and region."""
