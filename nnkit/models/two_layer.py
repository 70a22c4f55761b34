"""A network of two affine layers."""

import numpy as np

from nnkit.layers import affine_backward, affine_forward, affine_relu_backward, affine_relu_forward
from nnkit.losses import softmax_loss


class TwoLayerNet:
    """Two-layer fully connected network: affine - ReLU - affine - softmax.

    The network knows no optimiser: a solver reads and replaces the arrays in ``params`` and asks
    for the loss.

    Parameters
    ----------
    input_dim : int
        D, the count of numbers in one input.
    hidden_dim : int
        H, the count of hidden units.
    num_classes : int
        C.
    weight_scale : float
        Standard deviation of the initial weights.
    reg : float
        Strength of the L2 regularisation.

    Attributes
    ----------
    params : dict of arrays
        ``W1`` (D, H), ``b1`` (H,), ``W2`` (H, C), ``b2`` (C,).
    reg : float
    """

    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params = {}
        self.reg = reg
        # TODO: fill self.params. Weights W1 and W2 are Gaussian with standard deviation
        # weight_scale (use np.random.randn), biases b1 and b2 are zero.
        ### BEGIN SOLUTION
        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b2"] = np.zeros(num_classes)
        ### END SOLUTION

    def loss(self, X, y=None):
        """Scores of a minibatch; with labels, its loss and the gradients.

        The loss is the softmax loss plus ``0.5 * reg * (sum(W1**2) + sum(W2**2))``; biases are
        not regularised.

        Parameters
        ----------
        X : (N, d_1, ..., d_k) array
            Inputs, d_1 * ... * d_k = D.
        y : (N,) array of integers, optional
            Labels.

        Returns
        -------
        scores : (N, C) array
            Only if y is None.
        loss, grads : float and dict of arrays
            Otherwise. ``grads`` has the keys and shapes of ``params``.
        """
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        # TODO: compute the class scores of X with the layers written above, and keep their caches.
        ### BEGIN SOLUTION
        hidden, hidden_cache = affine_relu_forward(X, W1, b1)
        scores, scores_cache = affine_forward(hidden, W2, b2)
        ### END SOLUTION
        if y is None:
            return scores

        grads = {}
        # TODO: compute the regularised loss, and store each parameter's gradient in grads under
        # its name.
        ### BEGIN SOLUTION
        data_loss, dscores = softmax_loss(scores, y)
        penalty = 0.5 * self.reg * (np.sum(W1**2) + np.sum(W2**2))
        loss = data_loss + penalty
        dhidden, grads["W2"], grads["b2"] = affine_backward(dscores, scores_cache)
        _, grads["W1"], grads["b1"] = affine_relu_backward(dhidden, hidden_cache)
        grads["W1"] += self.reg * W1
        grads["W2"] += self.reg * W2
        ### END SOLUTION
        return loss, grads
