"""Whether chance explains a difference: probabilities that the same distribution gives counts that differ so much.

Only `scipy.special`: `scipy.stats` takes half a second to import.
"""

import numpy as np
from scipy.special import betainc, chdtrc, kolmogorov

from lambdaloop.monitoring.distances import Cells, kolmogorov_smirnov

_MIN_EXPECTED = 5.0
"""Below, the chi-square distribution does not describe a cell (W. G. Cochran, 1954)."""


def ordered_p_value(current: Cells, baseline: Cells) -> float:
    """Of the two-sample Kolmogorov-Smirnov test on ordered cells, by its limit distribution.

    Cells hide differences within them, and the limit is approached from above: the test errs on the side of chance.
    """
    rows, reference = current.sum(), baseline.sum()
    distance = kolmogorov_smirnov(current, baseline)
    return float(kolmogorov(np.sqrt(rows * reference / (rows + reference)) * distance))


def chi_square_p_value(current: Cells, baseline: Cells) -> float:
    """Of the chi-square test of homogeneity; cells with fewer than five expected rows are pooled; 1 when one cell is left."""
    observed = _pool_sparse(np.stack([current, baseline]))
    cells = observed.shape[1]
    if cells < 2:
        return 1.0
    totals = observed.sum(axis=0)
    expected = observed.sum(axis=1, keepdims=True) * totals / totals.sum()
    return float(chdtrc(cells - 1, (np.square(observed - expected) / expected).sum()))


def excess_p_value(found: int, rows: int, reference_found: int, reference_rows: int) -> float:
    """That a share is not greater than in the reference, one-sided; valid for rare events, too.

    Given how many were found altogether, those in the window are a binomial number under chance. (They are a
    hypergeometric one, strictly, which varies less: the test errs on the side of chance.)
    """
    if not found:
        return 1.0
    return float(betainc(found, reference_found + 1, rows / (rows + reference_rows)))


def _pool_sparse(observed: Cells) -> Cells:
    """[2, cells] with all sparse cells in one; a pool that is still sparse takes the next smallest cell in."""
    totals = observed.sum(axis=0)
    observed = observed[:, np.argsort(totals, kind="stable")]
    totals = np.sort(totals)
    smaller = observed.sum(axis=1).min() / totals.sum()
    enough = totals * smaller >= _MIN_EXPECTED
    pooled = np.cumsum(totals) * smaller >= _MIN_EXPECTED
    kept = int(np.argmax(enough)) if enough.any() else len(totals)
    if kept:
        kept = max(kept, int(np.argmax(pooled)) + 1 if pooled.any() else len(totals))
    if totals[:kept].sum() == 0:
        return observed[:, kept:]
    return np.concatenate([observed[:, :kept].sum(axis=1, keepdims=True), observed[:, kept:]], axis=1)
