"""A convolutional network of three layers."""

import numpy as np

from nnkit.conv_sandwiches import conv_relu_pool_backward, conv_relu_pool_forward
from nnkit.layers import affine_backward, affine_forward, affine_relu_backward, affine_relu_forward
from nnkit.losses import softmax_loss
from nnkit.regularization import l2_gradient, l2_penalty


class ThreeLayerConvNet:
    """Convolutional network: conv - ReLU - 2x2 max pool - affine - ReLU - affine - softmax.

    The convolution has stride 1 and a padding that keeps the images' size; the pooling halves it.

    Parameters
    ----------
    input_dim : (int, int, int)
        Channels C, height H and width W of the images. Of an odd height or width the last row or
        column is not pooled.
    num_filters : int
        F, the count of filters.
    filter_size : int
        Height and width of a filter, odd.
    hidden_dim : int
        M, the count of hidden units.
    num_classes : int
        K.
    weight_scale : float
        Standard deviation of the initial weights.
    reg : float
        Strength of the L2 regularisation.
    dtype : dtype
        Of parameters and computation.

    Attributes
    ----------
    params : dict of arrays
        ``W1`` (F, C, filter_size, filter_size), ``b1`` (F,), ``W2`` (F * (H // 2) * (W // 2), M),
        ``b2`` (M,), ``W3`` (M, K), ``b3`` (K,).
    reg : float
    dtype : dtype
    """

    def __init__(
        self,
        input_dim=(3, 32, 32),
        num_filters=32,
        filter_size=7,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        dtype=np.float32,
    ):
        self.params = {}
        self.reg = reg
        self.dtype = dtype
        C, H, W = input_dim
        # TODO: fill self.params. Draw W1, W2 and W3 in this order, Gaussian with standard deviation
        # weight_scale (use np.random.randn). Biases b1, b2 and b3 are zero.
        ### BEGIN SOLUTION
        pooled_size = num_filters * (H // 2) * (W // 2)
        self.params["W1"] = weight_scale * np.random.randn(num_filters, C, filter_size, filter_size)
        self.params["b1"] = np.zeros(num_filters)
        self.params["W2"] = weight_scale * np.random.randn(pooled_size, hidden_dim)
        self.params["b2"] = np.zeros(hidden_dim)
        self.params["W3"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b3"] = np.zeros(num_classes)
        ### END SOLUTION
        for name, values in self.params.items():
            self.params[name] = values.astype(dtype)

    def loss(self, X, y=None):
        """Scores of a minibatch; with labels, its loss and the gradients.

        The loss is the softmax loss plus ``0.5 * reg * (sum(W1**2) + sum(W2**2) + sum(W3**2))``;
        biases are not regularised.

        Parameters
        ----------
        X : (N, C, H, W) array
            Images.
        y : (N,) array of integers, optional
            Labels.

        Returns
        -------
        scores : (N, K) array
            Only if y is None.
        loss, grads : float and dict of arrays
            Otherwise. ``grads`` has the keys and shapes of ``params``.
        """
        X = X.astype(self.dtype)
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        W3, b3 = self.params["W3"], self.params["b3"]
        conv_param = {"stride": 1, "pad": (W1.shape[2] - 1) // 2}
        pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        # TODO: compute the class scores of X with the sandwiches above, and keep their caches.
        ### BEGIN SOLUTION
        pooled, pooled_cache = conv_relu_pool_forward(X, W1, b1, conv_param, pool_param)
        hidden, hidden_cache = affine_relu_forward(pooled, W2, b2)
        scores, scores_cache = affine_forward(hidden, W3, b3)
        ### END SOLUTION
        if y is None:
            return scores

        grads = {}
        # TODO: compute the regularised loss, and store each parameter's gradient in grads under
        # its name.
        ### BEGIN SOLUTION
        data_loss, dscores = softmax_loss(scores, y)
        penalty = sum(l2_penalty(w, self.reg) for w in (W1, W2, W3))
        loss = data_loss + penalty
        dhidden, grads["W3"], grads["b3"] = affine_backward(dscores, scores_cache)
        dpooled, grads["W2"], grads["b2"] = affine_relu_backward(dhidden, hidden_cache)
        _, grads["W1"], grads["b1"] = conv_relu_pool_backward(dpooled, pooled_cache)
        grads["W1"] += l2_gradient(W1, self.reg)
        grads["W2"] += l2_gradient(W2, self.reg)
        grads["W3"] += l2_gradient(W3, self.reg)
        ### END SOLUTION
        return loss, grads
