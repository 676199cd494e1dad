"""Total Sobol indices: which inputs the variance of a figure hangs on, interactions included.

Enter at `total_indices`.
"""

from collections.abc import Callable, Sequence

import numpy as np

from advisor.core.sampling import Array, Design


def total_indices(figure: Callable[[Design], Array], first: Design, second: Design, names: Sequence[str]) -> Array:
    """Total index of each named input on a figure of the design.

    S_Ti = mean (f(A) - f(A with column i of B))^2 / (2 Var f)
    shapes: A and B designs of n independent points with the same names -> (names,).   source: Jansen 1999, with
    Saltelli's radial arrangement (Saltelli et al. 2010, table 2).
    validity: independent inputs; standard error about S sqrt(2 / n) times the tails; n (k + 1) evaluations.
    """
    draws = len(first[names[0]]) if names else 0
    stacked = {name: np.concatenate([values] * (len(names) + 1)) for name, values in first.items()}
    for index, name in enumerate(names, 1):
        stacked[name][index * draws : (index + 1) * draws] = second[name]
    values = figure(stacked).reshape(len(names) + 1, -1)
    variance = float(values.var())
    if not names or variance <= 0.0:
        return np.zeros(len(names))
    return np.asarray(np.mean((values[0] - values[1:]) ** 2, axis=1) / (2.0 * variance))
