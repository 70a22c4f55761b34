"""The network of two affine layers as plain functions of a dict of parameters."""

import numpy as np

from nnkit.regularization import l2_gradient, l2_penalty


def init_two_layer_model(input_size, hidden_size, output_size):
    """Make the parameters of a two-layer network: small random weights, biases of zero.

    W1 is drawn before W2, both from NumPy's global generator (np.random.randn).

    Parameters
    ----------
    input_size : int
        D, the count of numbers in one input.
    hidden_size : int
        H, the count of hidden units.
    output_size : int
        C, the count of classes.

    Returns
    -------
    dict of arrays
        ``W1`` (D, H) and ``W2`` (H, C), Gaussian with standard deviation 1e-5; ``b1`` (H,) and
        ``b2`` (C,).
    """
    return {
        "W1": 1e-5 * np.random.randn(input_size, hidden_size),
        "b1": np.zeros(hidden_size),
        "W2": 1e-5 * np.random.randn(hidden_size, output_size),
        "b2": np.zeros(output_size),
    }


def two_layer_net(X, model, y=None, reg=0.0):
    """Scores of a two-layer network; with labels, its loss and the gradients.

    The network is affine - ReLU - affine - softmax. Its loss is the softmax loss, averaged over
    the inputs, plus ``0.5 * reg * (sum(W1**2) + sum(W2**2))``, as in every network of this course
    (see `nnkit.regularization`); biases are not regularised.

    Parameters
    ----------
    X : (N, D) array
        Inputs, one row each.
    model : dict of arrays
        ``W1`` (D, H), ``b1`` (H,), ``W2`` (H, C), ``b2`` (C,). It is only read.
    y : (N,) array of integers, optional
        Labels, 0 <= y[n] < C.
    reg : float
        Strength of the L2 regularisation.

    Returns
    -------
    scores : (N, C) array
        Only if y is None.
    loss, grads : float and dict of arrays
        Otherwise. ``grads`` has the keys and shapes of ``model``.
    """
    W1, b1, W2, b2 = model["W1"], model["b1"], model["W2"], model["b2"]
    # TODO: compute the scores, an array of shape (N, C). Keep what the gradients will need.
    ### BEGIN SOLUTION
    hidden = np.maximum(0, X @ W1 + b1)
    scores = hidden @ W2 + b2
    ### END SOLUTION
    if y is None:
        return scores

    # TODO: compute the loss, the averaged softmax loss of the scores plus the penalty. Large
    # scores must not overflow.
    ### BEGIN SOLUTION
    rows = np.arange(len(X))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    data_loss = -log_probabilities[rows, y].mean()
    loss = data_loss + l2_penalty(W1, reg) + l2_penalty(W2, reg)
    ### END SOLUTION

    grads = {}
    # TODO: go back through the network, from the scores to W1, and store the gradient of every
    # parameter in grads under its name.
    ### BEGIN SOLUTION
    dscores = np.exp(log_probabilities)
    dscores[rows, y] -= 1
    dscores /= len(X)
    grads["W2"] = hidden.T @ dscores + l2_gradient(W2, reg)
    grads["b2"] = dscores.sum(axis=0)
    dhidden = dscores @ W2.T
    dhidden[hidden <= 0] = 0
    grads["W1"] = X.T @ dhidden + l2_gradient(W1, reg)
    grads["b1"] = dhidden.sum(axis=0)
    ### END SOLUTION
    return loss, grads
