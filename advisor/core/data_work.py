"""Work on data and the room that it takes: hours of annotation, bytes that are kept.

Enter at `annotation_hours` and `stored_gb`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.units import BYTES_PER_GB, SECONDS_PER_HOUR

Array = NDArray[np.float64]


def annotation_hours(
    items: ArrayLike,
    seconds_per_item: ArrayLike,
    *,
    quality_assurance_fraction: ArrayLike,
    rework_fraction: ArrayLike,
    rejection_fraction: ArrayLike,
) -> Array:
    """Working time until so many items are there that may be used.

    H = n s / 3600 (1 + a + w) / (1 - j)
    units: items, seconds, 1 -> hours.   source: definition: checked share a, repeated share w, thrown-away share j.
    validity: j below 1; people who know the guideline. Time a hundred items of your own and use that.
    """
    work = np.asarray(items, np.float64) * np.asarray(seconds_per_item, np.float64) / SECONDS_PER_HOUR
    more = 1.0 + np.asarray(quality_assurance_fraction, np.float64) + np.asarray(rework_fraction, np.float64)
    return np.asarray(work * more / (1.0 - np.asarray(rejection_fraction, np.float64)))


def stored_gb(
    *,
    text_tokens: ArrayLike,
    bytes_per_token: ArrayLike,
    copies: ArrayLike,
    model_bytes: ArrayLike,
    versions: ArrayLike,
    checkpoint_bytes: ArrayLike,
    checkpoints: ArrayLike,
) -> Array:
    """What an option keeps whether it is asked or not: text, versions of the model, checkpoints.

    S = (t b c + m v + k n) / 1e9
    units: tokens, bytes, counts -> GB.   source: definition.   validity: uncompressed; nothing is moved to an archive.
    """
    text = (
        np.asarray(text_tokens, np.float64) * np.asarray(bytes_per_token, np.float64) * np.asarray(copies, np.float64)
    )
    model = np.asarray(model_bytes, np.float64) * np.asarray(versions, np.float64)
    states = np.asarray(checkpoint_bytes, np.float64) * np.asarray(checkpoints, np.float64)
    return np.asarray((text + model + states) / BYTES_PER_GB)


def kept_per_month(monthly: Array, months: int) -> Array:
    """What is there in each month of what arrives monthly and is deleted after `months`.

    K_m = sum of the last `months` arrivals, the month's own included
    units: any per month -> the same.   source: definition.   validity: deletion at month ends.
    """
    total = np.cumsum(monthly, axis=1)
    kept = total.copy()
    if months < monthly.shape[1]:
        kept[:, months:] -= total[:, :-months]
    return np.asarray(kept)
