"""Fifth step of the training workflow: choose the winner and ask the gate."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.services.evaluate_candidates import evaluate_candidates
from lambdaloop.services.import_model import asked_import
from lambdaloop.services.train_candidate import CandidateResult


def handle(event: Document, app: App) -> Document:
    """{"run": …, "dataset": …, "candidates": […]} → winner, whether it passed, its metrics, the checks and the files."""
    evaluation = evaluate_candidates(
        app.definition,
        results=[from_document(CandidateResult, candidate) for candidate in event["candidates"]],
        definition_digest=event["dataset"]["definition"],
        manifest=from_document(Artifact, event["dataset"]["manifest"]),
        artifacts=app.artifacts,
        datasets=app.datasets,
        versions=app.registry,
        imported=asked_import(event["run"]),
    )
    return to_document(evaluation)


handler = lambda_entrypoint(handle)
