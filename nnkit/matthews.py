"""Matthews correlation: how far two-class decisions agree with the truth, whatever the share of the classes."""

import numpy as np


def matthews_correlation(predicted, labels):
    """Matthews correlation coefficient of decisions between two classes.

    With the counts of true and false positives and negatives it is ``(TP * TN - FP * FN) /
    sqrt((TP + FP) * (TP + FN) * (TN + FP) * (TN + FN))``: 1 for decisions that are all right,
    -1 for all wrong, about 0 for guesses (Matthews 1975). If a factor under the root is zero,
    as when all decisions are the same, it is 0.

    Parameters
    ----------
    predicted : (N,) array of 0 and 1, or of bool
        Decisions; 1 is the positive class.
    labels : (N,) array of 0 and 1, or of bool
        The truth.

    Returns
    -------
    float
    """
    # TODO: count the four cases, and compute the coefficient. Counts multiply to large numbers:
    # take care that they don't overflow.
    ### BEGIN SOLUTION
    predicted, labels = np.asarray(predicted, dtype=bool), np.asarray(labels, dtype=bool)
    tp, tn = float(np.sum(predicted & labels)), float(np.sum(~predicted & ~labels))
    fp, fn = float(np.sum(predicted & ~labels)), float(np.sum(~predicted & labels))
    under_root = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    correlation = (tp * tn - fp * fn) / np.sqrt(under_root) if under_root > 0 else 0.0
    ### END SOLUTION
    return float(correlation)
