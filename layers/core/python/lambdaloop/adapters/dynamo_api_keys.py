"""API keys in the registry table, in partitions of their own: whoever checks keys needs to read nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lambdaloop.adapters.dynamo_audit import event
from lambdaloop.adapters.dynamo_keys import api_key_of, api_keys_of
from lambdaloop.adapters.dynamo_table import OnTable
from lambdaloop.domain.api_key import ApiKey
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import ApiKeyNotFoundError, ConflictError


class DynamoApiKeys(OnTable):
    """The port ApiKeys. IAM: key dynamodb:GetItem; keys Query; create_key PutItem; revoke_key all and UpdateItem.

    A record lies once in the partition of each of its models, so that reading one needs the model's rights only.
    """

    def create_key(self, key: ApiKey) -> None:
        """Keep it for all of its models, with one audit event for each; ConflictError when its id is taken."""

        def change() -> None:
            if (found := self.key(key.models[0], key.id)) is not None:
                if found == key:
                    return
                raise ConflictError(f"there is a key {key.id} already: create another one")
            told = {
                "key": key.id,
                "client": key.client,
                "rate": key.throttle.rate,
                "burst": key.throttle.burst,
            }
            self._table.write(
                *(self._table.create(api_key_of(model, key.id), to_document(key)) for model in key.models),
                *(
                    event(
                        self._table,
                        "key_created",
                        model=model,
                        at=key.created_at,
                        actor=key.created_by,
                        detail=told,
                    )
                    for model in key.models
                ),
            )

        self._table.swap(change)

    def key(self, model: str, key: str) -> ApiKey | None:
        """The key of this id if it was made for the model, whether it is still good or not."""
        item = self._table.get(api_key_of(model, key))
        return None if item is None else from_document(ApiKey, item)

    def keys(self, model: str) -> Sequence[ApiKey]:
        """All that were ever made for a model, newest first."""
        items = self._table.below(api_keys_of(model), "KEY#")
        found = [from_document(ApiKey, item) for item in items]
        return sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)

    def revoke_key(self, model: str, key: str, *, actor: str, at: datetime) -> ApiKey:
        """End it for all of its models, with one audit event for each; what was revoked before stays as it is.

        ApiKeyNotFoundError when the model has no such key.
        """

        def change() -> ApiKey:
            found = self.key(model, key)
            if found is None:
                raise ApiKeyNotFoundError(
                    f"model {model!r} has no key {key!r}: list them with `lambdaloop keys list --model {model}`"
                )
            if found.revoked_at is not None:
                return found
            ended = {"revoked_by": actor, "revoked_at": at.isoformat()}
            told = {"key": key, "client": found.client}
            self._table.write(
                *(
                    self._table.update(
                        api_key_of(each, key), change=ended, expect={"id": key, "revoked_at": None}
                    )
                    for each in found.models
                ),
                *(
                    event(self._table, "key_revoked", model=each, at=at, actor=actor, detail=told)
                    for each in found.models
                ),
            )
            return replace(found, revoked_by=actor, revoked_at=at)

        return self._table.swap(change)
