"""Seventh step of the training workflow, with the serving layer: the served runtime against scikit-learn."""

import time

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.version import BUNDLE
from lambdaloop.services.check_parity import check_parity


def handle(event: Document, app: App) -> Document:
    """{"package": …} → how many golden rows were replayed, the worst difference, and how fast they were answered."""
    parity = check_parity(
        bundle=from_document(Artifact, event["package"]["files"][BUNDLE]),
        artifacts=app.artifacts,
        seconds=time.perf_counter,
    )
    return to_document(parity)


handler = lambda_entrypoint(handle)
