"""Last but one step of every release, however it ended."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.services.prune_versions import prune_versions


def handle(event: Document, app: App) -> Document:  # noqa: ARG001  (every step receives the document)
    """Nothing of the document → Lambda versions that were deleted, and those that are left."""
    pruned = prune_versions(
        model=app.definition.name,
        keep=app.definition.release.keep_lambda_versions,
        bootstrap_version=app.settings.need("bootstrap_version"),
        releases=app.registry,
        traffic=app.traffic,
        clock=app.clock,
    )
    return {"deleted": list(pruned.deleted), "kept": list(pruned.kept)}


handler = lambda_entrypoint(handle)
