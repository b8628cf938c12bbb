"""Every way in which Lambdaloop says no.

Lambda reports the class name as `errorType`, so these names are part of the state machines' contract:
`infra` imports them for its Catch and Retry clauses, and a rename is safe.
"""


class LambdaloopError(Exception):
    """The root of every error that Lambdaloop raises on purpose."""


# Input that a person can mend.


class DefinitionInvalidError(LambdaloopError):
    """A model definition breaks a rule; the message names the place and the fix."""


class StageInvalidError(LambdaloopError):
    """The name of a stage cannot be part of names; the message says what can."""


class DatasetInvalidError(LambdaloopError):
    """Training data do not match the model definition."""


class DatasetEmptyError(DatasetInvalidError):
    """There is nothing to train on under the data location."""


class ModelNotImportableError(LambdaloopError):
    """A model that was logged elsewhere does not fit the definition or the training layer; the message says where and the fix."""


class SourceTooLargeError(LambdaloopError):
    """An object of the prediction log is larger than one run of the watch can hold."""


class SourceCorruptError(LambdaloopError):
    """An object of the prediction log cannot be unpacked."""


class FeaturesInvalidError(LambdaloopError):
    """A file of features cannot be put as it is; nothing of it was."""


class RetrainingRequestInvalidError(LambdaloopError):
    """The governor was asked with a document that is no event it knows."""


class ArmsDifferError(LambdaloopError):
    """The arms of an experiment do not take the same rows, or do not predict the same thing."""


class ReportSubjectError(LambdaloopError):
    """A report was asked for with a document that names nothing that there are reports of."""


class PinTooLargeError(LambdaloopError):
    """What a release would have to remember does not fit into a Lambda function's environment."""


class ExperimentInvalidError(LambdaloopError):
    """An experiment was asked for that could answer nothing; the message names what to change."""


class StoredFeaturesUnavailableError(LambdaloopError):
    """The online store does not answer, and the definition would rather refuse a request than answer it with defaults."""


class SettingMissingError(LambdaloopError):
    """A function was deployed without an environment variable that it needs."""


# Things that are not there.


class NotFoundError(LambdaloopError):
    """Something that was asked for does not exist."""


class VersionNotFoundError(NotFoundError):
    """The registry has no such version of the model."""


class RunNotFoundError(NotFoundError):
    """The registry has no such run."""


class ReleaseNotFoundError(NotFoundError):
    """The registry has no such release of the model."""


class ExperimentNotFoundError(NotFoundError):
    """The registry has no such experiment of the model."""


class DecisionNotFoundError(NotFoundError):
    """The governor recorded no such decision."""


class ApiKeyNotFoundError(NotFoundError):
    """No such API key was made for the model."""


class ApprovalNotFoundError(NotFoundError):
    """Nobody was asked to approve this release."""


class WindowNotFoundError(NotFoundError):
    """The watch recorded no such window."""


class NothingToReturnToError(NotFoundError):
    """No release was live before the present one, or none of which the Lambda version still exists."""


class LambdaVersionDeletedError(NotFoundError):
    """The Lambda version of a release does not exist any more."""


class ArtifactMissingError(NotFoundError):
    """The model bucket no longer holds an artifact that the registry names."""


class BaselineUnusableError(NotFoundError):
    """The baseline of a version is missing, damaged or of another schema: nothing can be held against it."""


class ReportUnusableError(NotFoundError):
    """The report of a version's training is missing, damaged or something else: there is nothing to show."""


class ModelNotReleasedError(NotFoundError):
    """The function carries no pin: no model has been released yet."""


# Somebody else was faster; nothing was changed.


class ConflictError(LambdaloopError):
    """The state changed between reading and writing; read again and decide anew."""


class LeaseHeldError(ConflictError):
    """Another owner holds the lease and it has not expired."""


class ReleaseInProgressError(ConflictError):
    """Another release of this model is running."""


class AliasMovedError(ConflictError):
    """The alias no longer has the revision that was expected."""


class ReleaseStateError(ConflictError):
    """The release is not in a state that allows this step."""


class ExperimentRunningError(ConflictError):
    """Another experiment of this model is not over yet."""


class NamespaceTakenError(ConflictError):
    """The namespace has not as many free buckets as the experiment needs; the message says who holds them."""


class ExperimentStateError(ConflictError):
    """The experiment is not in a state that allows this step."""


class ExperimentChangedError(ConflictError):
    """The experiment's record changed meanwhile; look again and decide anew."""


class ApprovalDecidedError(ConflictError):
    """Somebody decided on this release already."""


class ApprovalExpiredError(ConflictError):
    """The decision on this release came too late."""


class RoutingChangedError(ConflictError):
    """Somebody changed the traffic of the live alias meanwhile."""


class DecisionOutdatedError(ConflictError):
    """Another retraining was decided on meanwhile; look again and decide anew."""


# Checks that failed: the version or the release goes no further.


class ArtifactCorruptError(LambdaloopError):
    """An artifact's size or sha256 is not what the registry says; it was not parsed."""


class ParityError(LambdaloopError):
    """The served runtime and scikit-learn disagree on a golden row."""


class NotCompilableError(LambdaloopError):
    """A fitted pipeline has no compiled form that answers as it does, and the definition allows nothing else."""


class GateRejectedError(LambdaloopError):
    """The winner of a run did not pass the gate."""


class ApprovalMissingError(LambdaloopError):
    """A release that a person has to approve was not approved."""


class SelfApprovalError(LambdaloopError):
    """Who asked for a release wants to approve it, or cannot be told apart from who did."""


class LinkInvalidError(LambdaloopError):
    """The link of an approval is none that was sent, or was changed."""


class VerificationFailedError(LambdaloopError):
    """The new Lambda version answers golden rows otherwise than it should."""


class RecordTooLargeError(LambdaloopError):
    """A record does not fit into a registry item (400 KB): long lists belong into an artifact."""


# Not now.


class TrackingUnavailableError(LambdaloopError):
    """The tracking server refuses a run, or does not answer."""


class ReleaseNotReadyError(LambdaloopError):
    """Lambda is still preparing the function or its new version; ask again shortly."""


class AlertUndeliveredError(LambdaloopError):
    """People could not be told through a channel; the same alert may be handed over again."""


class EventsRefusedError(LambdaloopError):
    """The event bus did not take an event, or a change could not be told; the same batch may be handed over again."""


class BackendUnavailableError(LambdaloopError):
    """An AWS service kept refusing or not answering after bounded retries; doing the same again is safe."""
