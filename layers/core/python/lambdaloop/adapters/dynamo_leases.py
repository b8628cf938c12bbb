"""Leases in the registry table."""

from datetime import datetime

from lambdaloop.adapters.dynamo_keys import ModelKeys
from lambdaloop.adapters.dynamo_table import OnTable
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.lease import FREE, Lease, taken


class DynamoLeases(OnTable):
    """The port Leases. IAM: dynamodb:GetItem, UpdateItem."""

    def acquire(self, *, model: str, name: str, owner: str, at: datetime, seconds: int) -> Lease:
        """Take it, or prolong it when `owner` holds it already; LeaseHeldError while another holds it."""
        key = ModelKeys(model).lease(name)

        def change() -> Lease:
            item = self._table.get(key)
            current = None if item is None else from_document(Lease, item)
            lease = taken(current, model=model, name=name, owner=owner, at=at, seconds=seconds)
            self._table.write(
                self._table.update(
                    key,
                    change={
                        "model": model,
                        "name": name,
                        "owner": owner,
                        "token": lease.token,
                        "expires_at": lease.expires_at.isoformat(),
                    },
                    expect={
                        "token": None if item is None else item["token"],
                        "expires_at": None if item is None else item["expires_at"],
                    },
                )
            )
            return lease

        return self._table.swap(change)

    def free(self, *, model: str, name: str, owner: str) -> None:
        """Give it back; nothing happens when `owner` does not hold it."""
        key = ModelKeys(model).lease(name)

        def change() -> None:
            item = self._table.get(key)
            if item is not None and item["owner"] == owner:
                self._table.write(self._table.update(key, change={"owner": FREE}, expect={"owner": owner}))

        self._table.swap(change)
