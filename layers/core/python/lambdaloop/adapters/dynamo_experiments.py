"""Experiments in the registry table. Each change is one transaction on the condition that the record is as it was read."""

from collections.abc import Sequence
from dataclasses import replace

from lambdaloop.adapters.dynamo_audit import event
from lambdaloop.adapters.dynamo_keys import ModelKeys, namespace
from lambdaloop.adapters.dynamo_numbers import from_attributes, to_attributes
from lambdaloop.adapters.dynamo_table import OnTable, Write
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.errors import (
    ExperimentChangedError,
    ExperimentNotFoundError,
    ExperimentRunningError,
)
from lambdaloop.domain.experiment import ENDED, Experiment
from lambdaloop.domain.experiment_life import Change
from lambdaloop.domain.namespace import BucketRange, find_room

_NOBODY = ""


class DynamoExperiments(OnTable):
    """The port ExperimentLog. IAM: dynamodb:GetItem, Query, PutItem, UpdateItem, also below the partitions NAMESPACE#name.

    Beside EXPERIMENT#id, EXPERIMENTING names the model's experiment that is under way, and NAMESPACE#name has the ranges of
    buckets that are held. All three change together when an experiment begins or ends.
    """

    def open_experiment(self, experiment: Experiment, *, anywhere: bool) -> Experiment:
        """Record it as the model's only one under way, with its buckets as its own.

        The experiment that was recorded under this id before is returned as it is. `anywhere`: its buckets may lie wherever
        there is room. Raises ExperimentRunningError, NamespaceTakenError.
        """
        keys = ModelKeys(experiment.model)

        def change() -> Experiment:
            if (known := self._table.get(keys.experiment(experiment.id))) is not None:
                return from_document(Experiment, known)
            slot = self._table.get(keys.experimenting())
            if slot and slot["experiment"] != _NOBODY:
                raise ExperimentRunningError(
                    f"experiment {slot['experiment']!r} of model {experiment.model!r} is not over yet: conclude or stop it first"
                )
            held = self._table.get(namespace(experiment.namespace))
            ranges = _ranges(held)
            opened = replace(
                experiment,
                first_bucket=find_room(
                    ranges,
                    namespace=experiment.namespace,
                    buckets=experiment.buckets,
                    first=None if anywhere else experiment.first_bucket,
                ),
            )
            self._table.write(
                self._table.create(keys.experiment(opened.id), to_document(opened)),
                self._table.update(
                    keys.experimenting(),
                    change={"experiment": opened.id},
                    expect={"experiment": _NOBODY if slot else None},
                ),
                self._hold(opened.namespace, held, [*ranges, _own_range(opened)]),
                event(
                    self._table,
                    "experiment_opened",
                    model=opened.model,
                    at=opened.created_at,
                    actor=opened.requested_by,
                    detail={"experiment": opened.id, "why": opened.reason},
                ),
            )
            return opened

        return self._table.swap(change)

    def record_experiment(self, before: Experiment, change: Change, *, by: str) -> Experiment:
        """Replace the record that was read as `before`; one that has ended gives back its buckets and its place.

        Doing so again changes nothing. ExperimentChangedError when the record is another one by now, NamespaceTakenError when
        it wants more buckets and others hold them.
        """
        after = change.experiment
        keys = ModelKeys(after.model)
        key = keys.experiment(after.id)
        # As the table keeps it: numbers beyond its range come back as others.
        wanted = from_attributes(to_attributes(to_document(after)))

        def write() -> Experiment:
            item = self._table.get(key) or {}
            if item.items() >= wanted.items():
                return from_document(Experiment, item)
            if item.get("revision") != before.revision:
                raise ExperimentChangedError(
                    f"experiment {after.id!r} of model {after.model!r} changed meanwhile: look again and decide anew"
                )
            writes = [self._table.update(key, change=wanted, expect={"revision": before.revision})]
            if after.status in ENDED:
                writes += self._give_back(after)
            elif after.buckets != before.buckets:
                writes.append(self._resize(after))
            if change.kind is not None:
                told = {"experiment": after.id, "why": change.why}
                writes.append(
                    event(self._table, change.kind, model=after.model, at=change.at, actor=by, detail=told)
                )
            self._table.write(*writes)
            return from_document(Experiment, wanted)

        return self._table.swap(write)

    def experiment(self, model: str, experiment: str) -> Experiment:
        """ExperimentNotFoundError when there is none."""
        item = self._table.get(ModelKeys(model).experiment(experiment))
        if item is None:
            raise ExperimentNotFoundError(
                f"model {model!r} has no experiment {experiment!r}: list them with `lambdaloop experiment list {model}`"
            )
        return from_document(Experiment, item)

    def current_experiment(self, model: str) -> Experiment | None:
        """The one that is under way."""
        slot = self._table.get(ModelKeys(model).experimenting())
        return (
            None
            if slot is None or slot["experiment"] == _NOBODY
            else self.experiment(model, slot["experiment"])
        )

    def experiments(self, model: str) -> Sequence[Experiment]:
        """Newest first."""
        items = self._table.below(ModelKeys(model).pk, "EXPERIMENT#")
        found = [from_document(Experiment, item) for item in items]
        return sorted(found, key=lambda each: each.created_at, reverse=True)

    def _give_back(self, experiment: Experiment) -> list[Write]:
        held = self._table.get(namespace(experiment.namespace))
        others = [
            each
            for each in _ranges(held)
            if (each.model, each.experiment) != (experiment.model, experiment.id)
        ]
        return [
            self._table.update(
                ModelKeys(experiment.model).experimenting(),
                change={"experiment": _NOBODY},
                expect={"experiment": experiment.id},
            ),
            self._hold(experiment.namespace, held, others),
        ]

    def _resize(self, experiment: Experiment) -> Write:
        """Another number of buckets from the same one on; NamespaceTakenError where others hold them."""
        held = self._table.get(namespace(experiment.namespace))
        others = [
            each
            for each in _ranges(held)
            if (each.model, each.experiment) != (experiment.model, experiment.id)
        ]
        find_room(
            others,
            namespace=experiment.namespace,
            buckets=experiment.buckets,
            first=experiment.first_bucket,
        )
        return self._hold(experiment.namespace, held, [*others, _own_range(experiment)])

    def _hold(self, name: str, held: Document | None, ranges: Sequence[BucketRange]) -> Write:
        revision = held["revision"] if held else None
        return self._table.update(
            namespace(name),
            change={"ranges": [to_document(each) for each in ranges], "revision": (revision or 0) + 1},
            expect={"revision": revision},
        )


def _own_range(experiment: Experiment) -> BucketRange:
    return BucketRange(
        model=experiment.model,
        experiment=experiment.id,
        first=experiment.first_bucket,
        buckets=experiment.buckets,
    )


def _ranges(held: Document | None) -> list[BucketRange]:
    return [from_document(BucketRange, each) for each in held["ranges"]] if held else []
