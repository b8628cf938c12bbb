"""Puts the predictions of a stateless experiment into the stretches of time in which its shares were constant."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lambdaloop.domain.experiment_stretches import Stretch
from lambdaloop.experimentation.exposures import Exposures


def place_exposures(exposures: Exposures, stretches: Sequence[Stretch]) -> Exposures:
    """Those that lie in a stretch, the control's under its number, too, which tells the stretches apart."""
    places = np.zeros(len(exposures.ids), dtype=exposures.releases.dtype)
    for each in stretches:
        inside = np.isin(exposures.releases, [one.release for one in each.answering])
        inside &= exposures.made >= each.start.timestamp()
        if each.end is not None:
            inside &= exposures.made < each.end.timestamp()
        places[inside] = each.number
    return replace(exposures, releases=places).take(places > 0)
