"""CloudFormation's API: requests parsed and answers serialised by moto, everything between is `Stacks`."""

from typing import Any, cast
from urllib.parse import unquote, urlsplit

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from scripts.localcloud.cloud import Cloud
from scripts.localcloud.cloudformation import descriptions
from scripts.localcloud.cloudformation.errors import ValidationError
from scripts.localcloud.cloudformation.resource_type import account_client
from scripts.localcloud.cloudformation.stacks import Stacks
from scripts.localcloud.cloudformation.template import Template


class StackApi(BaseResponse):  # type: ignore[misc]  # moto's class is untyped
    """One request. Each public method is the API action of that name."""

    def __init__(self, cloud: Cloud, stacks: Stacks) -> None:
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True
        self._cloud = cloud
        self._stacks = stacks

    def answer(self, request: Any) -> tuple[int, dict[str, str], str | bytes]:
        """Status, headers and body of the answer."""
        status, headers, body = self._dispatch(request, request.url, request.headers)
        return status, headers, body

    def create_stack(self) -> ActionResult:
        """CreateStack."""
        self._reject("DisableRollback", "OnFailure", "StackPolicyBody", "StackPolicyURL")
        stack = self._stacks.create(
            self._text("StackName"), self._template(), self._parameters(), self._tags(), **self._settings()
        )
        stack.termination_protection = self._get_bool_param("EnableTerminationProtection", False)
        return ActionResult({"StackId": stack.id})

    def update_stack(self) -> ActionResult:
        """UpdateStack."""
        self._reject("DisableRollback", "StackPolicyBody", "StackPolicyURL")
        stack = self._stacks.update(
            self._text("StackName"), self._template(), self._parameters(), self._tags(), **self._settings()
        )
        return ActionResult({"StackId": stack.id})

    def delete_stack(self) -> ActionResult:
        """DeleteStack."""
        self._stacks.delete(self._text("StackName"), retain=frozenset(self._get_param("RetainResources", [])))
        return EmptyResult()

    def describe_stacks(self) -> ActionResult:
        """DescribeStacks."""
        name = self._get_param("StackName")
        stacks = [self._stacks.get(name)] if name else self._stacks.living()
        return ActionResult({"Stacks": [descriptions.stack(one) for one in stacks]})

    def list_stacks(self) -> ActionResult:
        """ListStacks."""
        wanted = self._get_param("StackStatusFilter", [])
        stacks = [one for one in self._stacks.all() if not wanted or one.status in wanted]
        return ActionResult({"StackSummaries": [descriptions.stack_summary(one) for one in stacks]})

    def describe_stack_events(self) -> ActionResult:
        """DescribeStackEvents: newest first."""
        stack = self._stacks.get(self._text("StackName"))
        return ActionResult(
            {"StackEvents": [descriptions.event(stack, one) for one in reversed(stack.events)]}
        )

    def describe_stack_resource(self) -> ActionResult:
        """DescribeStackResource."""
        stack, wanted = self._stacks.get(self._text("StackName")), self._text("LogicalResourceId")
        if wanted not in stack.resources:
            raise ValidationError(f"Resource {wanted} does not exist for stack {stack.name}")
        detail = descriptions.resource(stack, stack.resources[wanted])
        return ActionResult({"StackResourceDetail": detail})

    def describe_stack_resources(self) -> ActionResult:
        """DescribeStackResources."""
        stack, wanted = self._stacks.get(self._text("StackName")), self._get_param("LogicalResourceId")
        resources = [one for one in stack.resources.values() if wanted in {None, one.logical_id}]
        return ActionResult({"StackResources": [descriptions.resource(stack, one) for one in resources]})

    def list_stack_resources(self) -> ActionResult:
        """ListStackResources."""
        stack = self._stacks.get(self._text("StackName"))
        listed = [descriptions.resource(stack, one) for one in stack.resources.values()]
        return ActionResult({"StackResourceSummaries": listed})

    def get_template(self) -> ActionResult:
        """GetTemplate, as it was sent."""
        if self._get_param("ChangeSetName"):
            change_set = self._stacks.change_set(self._text("ChangeSetName"), self._get_param("StackName"))
            return ActionResult({"TemplateBody": change_set.template.body})
        stack = self._stacks.get(self._text("StackName"))
        body = stack.template.body if stack.template else ""
        return ActionResult({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self) -> ActionResult:
        """GetTemplateSummary."""
        return ActionResult(descriptions.template_summary(self._template()))

    def validate_template(self) -> ActionResult:
        """ValidateTemplate."""
        summary = descriptions.template_summary(self._template())
        return ActionResult({name: summary[name] for name in ("Description", "Parameters")})

    def create_change_set(self) -> ActionResult:
        """CreateChangeSet."""
        self._reject("ResourcesToImport")
        change_set = self._stacks.plan(
            self._text("StackName"),
            self._text("ChangeSetName"),
            self._get_param("ChangeSetType", "UPDATE"),
            self._template(),
            self._parameters(),
            self._tags(),
            self._get_param("Description", ""),
            **self._settings(),
        )
        return ActionResult({"Id": change_set.id, "StackId": change_set.stack.id})

    def describe_change_set(self) -> ActionResult:
        """DescribeChangeSet."""
        found = self._stacks.change_set(self._text("ChangeSetName"), self._get_param("StackName"))
        return ActionResult(descriptions.change_set(found))

    def list_change_sets(self) -> ActionResult:
        """ListChangeSets."""
        found = self._stacks.change_sets(self._text("StackName"))
        return ActionResult({"Summaries": [descriptions.change_set(one) for one in found]})

    def execute_change_set(self) -> ActionResult:
        """ExecuteChangeSet."""
        self._reject("DisableRollback")
        found = self._stacks.change_set(self._text("ChangeSetName"), self._get_param("StackName"))
        self._stacks.execute(found)
        return EmptyResult()

    def delete_change_set(self) -> ActionResult:
        """DeleteChangeSet; fine when there is none."""
        self._stacks.discard(self._text("ChangeSetName"), self._get_param("StackName"))
        return EmptyResult()

    def list_exports(self) -> ActionResult:
        """ListExports."""
        exports = [
            {"ExportingStackId": stack.id, "Name": name, "Value": output.value}
            for name, (stack, output) in self._stacks.exports.all().items()
        ]
        return ActionResult({"Exports": exports})

    def list_imports(self) -> ActionResult:
        """ListImports."""
        export = self._text("ExportName")
        importers = self._stacks.exports.importers(export)
        if not importers:
            raise ValidationError(f"Export '{export}' is not imported by any stack.")
        return ActionResult({"Imports": importers})

    def update_termination_protection(self) -> ActionResult:
        """UpdateTerminationProtection."""
        stack = self._stacks.get(self._text("StackName"))
        stack.termination_protection = self._get_bool_param("EnableTerminationProtection", False)
        return ActionResult({"StackId": stack.id})

    def _text(self, name: str) -> str:
        value = self._get_param(name)
        if not value:
            raise ValidationError(f"{name} must be given")
        return cast("str", value)

    def _reject(self, *names: str) -> None:
        # Asked for and not done would be worse than refused.
        if unknown := [name for name in names if self._get_param(name)]:
            raise ValidationError(f"the local cloud does not know {', '.join(unknown)}")

    def _template(self) -> Template:
        if self._get_param("UsePreviousTemplate"):
            previous = self._stacks.get(self._text("StackName")).template
            if previous is None:
                raise ValidationError("there is no previous template to use")
            return previous
        if url := self._get_param("TemplateURL"):
            return Template.parse(self._download(url))
        if body := self._get_param("TemplateBody"):
            return Template.parse(body)
        if name := self._get_param("StackName"):
            stack = self._stacks.get(name)
            if stack.template is not None:
                return stack.template
        raise ValidationError("Either Template URL or Template Body must be specified.")

    def _download(self, url: str) -> str:
        """A template out of a bucket, named by any of the ways to write an S3 address."""
        parts = urlsplit(url)
        host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
        bucket, separator, _ = host.partition(".s3.")
        if not separator:  # the bucket is the first part of the path: s3.region.amazonaws.com, 127.0.0.1
            bucket, _, path = path.partition("/")
        s3 = account_client("s3", self._cloud.endpoint_url)
        try:
            return cast("str", s3.get_object(Bucket=bucket, Key=path)["Body"].read().decode())
        except s3.exceptions.ClientError as error:
            raise ValidationError(f"S3 error: {error.response['Error']['Message']} ({url})") from error

    def _parameters(self) -> dict[str, str]:
        values = {}
        for given in self._get_param("Parameters", []):
            name = given["ParameterKey"]
            if given.get("UsePreviousValue"):
                previous = self._stacks.get(self._text("StackName")).parameters
                if name in previous:  # otherwise the default was used before, and is again
                    values[name] = previous[name]
            else:
                values[name] = given["ParameterValue"]
        return values

    def _tags(self) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self._get_param("Tags", [])}

    def _settings(self) -> dict[str, Any]:
        names = ("Capabilities", "NotificationARNs", "RoleARN")
        return {name: self._get_param(name) for name in names if self._get_param(name)}
