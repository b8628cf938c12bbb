"""Which releases answer with the arms of an experiment, and with which shares: what its life follows from."""

from collections.abc import Sequence
from dataclasses import replace

from lambdaloop.domain.experiment import Arm, Experiment
from lambdaloop.domain.namespace import BUCKETS
from lambdaloop.domain.release import Release, ReleaseStatus
from lambdaloop.domain.returning import live_of


def serving_release(experiment: Experiment, releases: Sequence[Release]) -> Release | None:
    """The one that answers with its arms now: the live one, or, stateless, the one that has a share beside it."""
    return next(
        (
            each
            for each in releases
            if each.status == serving_status(experiment) and serves_arms(each, experiment)
        ),
        None,
    )


def serves_arms(release: Release | None, experiment: Experiment) -> bool:
    """Whether this release answers with the arms of the experiment: all of them, or with one beside the live release."""
    if release is None:
        return False
    if release.share is not None:
        return release.share.experiment == experiment.id
    return release.experiment is not None and release.experiment.id == experiment.id


def arms_of(release: Release, experiment: Experiment) -> tuple[Arm, ...]:
    """The experiment's arms with the shares that this release, one of its own, gives them."""
    if release.share is not None:
        control, treatment = experiment.arms
        share = release.share.percent * BUCKETS // 100
        return (replace(control, share=BUCKETS - share), replace(treatment, share=share))
    pinned = release.experiment.arms if release.experiment else ()
    return tuple(Arm(name=arm.name, version=arm.version, share=arm.share) for arm in pinned)


def serves_as_asked(release: Release | None, experiment: Experiment) -> bool:
    """Whether it answers with the arms, shares and range that the experiment wants now."""
    if release is None or not serves_arms(release, experiment):
        return False
    if arms_of(release, experiment) != experiment.arms:
        return False
    return release.experiment is None or release.experiment.buckets == experiment.buckets


def awaits_winner(experiment: Experiment, releases: Sequence[Release]) -> bool:
    """Whether the control answers alone because the other arm of a stateless experiment is to be released for good."""
    order, own = experiment.order, [each for each in releases if serves_arms(each, experiment)]
    return (
        experiment.is_stateless
        and order is not None
        and not order.arms
        and order.version != experiment.control.version
        and any(each.shared_at is not None for each in own)
        and not called_off(experiment, releases)
    )


def called_off(experiment: Experiment, releases: Sequence[Release]) -> bool:
    """Whether a rollback ended a stateless experiment: one of its share, or one of the control itself."""
    live = live_of(releases)
    if not experiment.is_stateless:
        return False
    if live is None or live.version != experiment.control.version:
        return True
    return any(each.status == "rolled_back" and serves_arms(each, experiment) for each in releases)


def keeps_control(experiment: Experiment) -> bool:
    """Whether it asks for nothing but the control alone, which, stateless, is live already."""
    order = experiment.order
    return (
        experiment.is_stateless
        and order is not None
        and not order.arms
        and order.version == experiment.control.version
    )


def serving_status(experiment: Experiment) -> ReleaseStatus:
    """Of the release that its arms answer with."""
    return "sharing" if experiment.is_stateless else "live"
