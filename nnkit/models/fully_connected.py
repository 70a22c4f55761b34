"""A fully connected network of any depth.

To the plain network, normalisation and dropout each add one step per hidden layer; neither needs the other.
"""

import numpy as np

from nnkit.dropout import dropout_backward, dropout_forward
from nnkit.initialization import weight_std
from nnkit.layers import affine_backward, affine_forward, relu_backward, relu_forward
from nnkit.losses import softmax_loss
from nnkit.normalization import batchnorm_backward, batchnorm_forward, layernorm_backward, layernorm_forward
from nnkit.regularization import l2_gradient, l2_penalty


class FullyConnectedNet:
    """Fully connected network: any number of hidden layers, one affine layer behind them, softmax.

    A hidden layer is affine - [normalisation] - ReLU - [dropout]. The two steps in brackets have
    notebooks of their own, batch_normalization and dropout: before their code is written, their
    arguments have no effect.

    Parameters
    ----------
    hidden_dims : list of int
        Count of units in each hidden layer. It may be empty.
    input_dim : int
        D, the count of numbers in one input.
    num_classes : int
        C.
    dropout_keep_ratio : float
        Probability with which dropout keeps a unit; 1 is no dropout.
    normalization : None, 'batchnorm' or 'layernorm'
    reg : float
        Strength of the L2 regularisation.
    weight_scale : float, 'xavier' or 'he'
        Standard deviation of the initial weights, or the scheme that finds one for each layer.
    dtype : NumPy float type
        Of all parameters and all computation; use np.float64 for numerical gradients.
    seed : int, optional
        Makes dropout draw the same mask at every call, for numerical gradients.
    dropout : float, optional
        Older name of dropout_keep_ratio.

    Attributes
    ----------
    params : dict of arrays
        For L layers: ``W1`` (D, hidden_dims[0]), ``b1`` (hidden_dims[0],), ..., ``WL``
        (hidden_dims[-1], C), ``bL`` (C,). With normalisation also ``gamma1``, ``beta1``, ...,
        one pair per hidden layer, of its size.
    num_layers : int
        L, the hidden layers and the last one.
    """

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout_keep_ratio=1,
        normalization=None,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
        dropout=None,
    ):
        if normalization not in (None, "batchnorm", "layernorm"):
            raise ValueError(f"normalization is {normalization!r}, expected None, 'batchnorm' or 'layernorm'")
        self.dropout_keep_ratio = dropout_keep_ratio if dropout is None else dropout
        self.normalization = normalization
        self.reg = reg
        self.num_layers = len(hidden_dims) + 1
        self.dtype = dtype
        self.params = {}
        dims = [input_dim, *hidden_dims, num_classes]
        # TODO: fill self.params, layer by layer from the first. Weights are Gaussian (use
        # np.random.randn) with the standard deviation that weight_std finds, biases are zero.
        ### BEGIN SOLUTION
        for layer in range(1, self.num_layers + 1):
            fan_in, fan_out = dims[layer - 1], dims[layer]
            std = weight_std(weight_scale, fan_in, fan_out)
            self.params[f"W{layer}"] = std * np.random.randn(fan_in, fan_out)
            self.params[f"b{layer}"] = np.zeros(fan_out)
        ### END SOLUTION
        # TODO: with normalisation, give every hidden layer its gamma (ones) and beta (zeros), and
        # fill self.bn_params with one dictionary per hidden layer: the bn_param or ln_param that
        # its normalisation gets with every call. For batch norm it starts in mode "train".
        ### BEGIN SOLUTION normalisation
        self.bn_params = []
        if self.normalization is not None:
            for layer, dim in enumerate(hidden_dims, start=1):
                self.params[f"gamma{layer}"] = np.ones(dim)
                self.params[f"beta{layer}"] = np.zeros(dim)
                self.bn_params.append({"mode": "train"} if self.normalization == "batchnorm" else {})
        ### END SOLUTION
        # TODO: store in self.dropout_param what dropout_forward needs to know: p and mode, and seed
        # if there is one.
        ### BEGIN SOLUTION dropout
        self.dropout_param = {"mode": "train", "p": self.dropout_keep_ratio}
        if seed is not None:
            self.dropout_param["seed"] = seed
        ### END SOLUTION
        self.params = {name: w.astype(dtype) for name, w in self.params.items()}

    def hidden_forward(self, x, layer):
        """One hidden layer, forward pass.

        Parameters
        ----------
        x : (N, d_1, ..., d_k) array
            What the layer before gave, or the inputs.
        layer : int
            Its number, from 1 to L - 1.

        Returns
        -------
        out : (N, M) array
        cache : dict
            The cache of each of its steps, by name.
        """
        w, b = self.params[f"W{layer}"], self.params[f"b{layer}"]
        cache = {}
        # TODO: compute out with the affine step, and keep what it caches in cache, under a name.
        ### BEGIN SOLUTION
        out, cache["affine"] = affine_forward(x, w, b)
        ### END SOLUTION
        # TODO: normalise out as self.normalization says, with the layer's gamma and beta and its
        # entry of self.bn_params; keep the cache.
        ### BEGIN SOLUTION normalisation
        if self.normalization is not None:
            forward = batchnorm_forward if self.normalization == "batchnorm" else layernorm_forward
            gamma, beta = self.params[f"gamma{layer}"], self.params[f"beta{layer}"]
            out, cache["norm"] = forward(out, gamma, beta, self.bn_params[layer - 1])
        ### END SOLUTION
        # TODO: apply the ReLU to out; keep its cache, too.
        ### BEGIN SOLUTION
        out, cache["relu"] = relu_forward(out)
        ### END SOLUTION
        # TODO: drop units of out, unless all are to be kept; keep the cache.
        ### BEGIN SOLUTION dropout
        if self.dropout_keep_ratio != 1:
            out, cache["dropout"] = dropout_forward(out, self.dropout_param)
        ### END SOLUTION
        return out, cache

    def hidden_backward(self, dout, cache, layer):
        """One hidden layer, backward pass.

        Parameters
        ----------
        dout : (N, M) array
            Upstream derivative.
        cache : dict
            As `hidden_forward` left it.
        layer : int
            Its number, from 1 to L - 1.

        Returns
        -------
        dx : array shaped like the layer's input
        grads : dict of arrays
            Gradients of the layer's own parameters, by their names in ``params``.
        """
        grads = {}
        # TODO: go back through dropout, where it was applied.
        ### BEGIN SOLUTION dropout
        if self.dropout_keep_ratio != 1:
            dout = dropout_backward(dout, cache["dropout"])
        ### END SOLUTION
        # TODO: go back through the ReLU.
        ### BEGIN SOLUTION
        dout = relu_backward(dout, cache["relu"])
        ### END SOLUTION
        # TODO: go back through the normalisation, if there is any; store the gradients of the
        # layer's gamma and beta.
        ### BEGIN SOLUTION normalisation
        if self.normalization is not None:
            backward = batchnorm_backward if self.normalization == "batchnorm" else layernorm_backward
            dout, grads[f"gamma{layer}"], grads[f"beta{layer}"] = backward(dout, cache["norm"])
        ### END SOLUTION
        # TODO: go back through the affine step to dx; store the gradients of its W and b.
        ### BEGIN SOLUTION
        dx, grads[f"W{layer}"], grads[f"b{layer}"] = affine_backward(dout, cache["affine"])
        ### END SOLUTION
        return dx, grads

    def loss(self, X, y=None):
        """Scores of a minibatch; with labels, its loss and the gradients.

        The loss is the softmax loss plus ``0.5 * reg * sum of the squares of all weights W1, W2,
        ...``; nothing else is regularised. With labels the network is in training, without in test.

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
        X = X.astype(self.dtype)
        # TODO: batch norm works otherwise in training than in test: set the mode of every entry of
        # self.bn_params.
        ### BEGIN SOLUTION normalisation
        if self.normalization == "batchnorm":
            for bn_param in self.bn_params:
                bn_param["mode"] = "test" if y is None else "train"
        ### END SOLUTION
        # TODO: dropout works otherwise in training than in test: set its mode.
        ### BEGIN SOLUTION dropout
        self.dropout_param["mode"] = "test" if y is None else "train"
        ### END SOLUTION
        last = self.num_layers
        # TODO: compute the scores: through all hidden layers in turn (hidden_forward), then
        # through the last layer, which is affine and nothing else. Keep the caches.
        ### BEGIN SOLUTION
        out, caches = X, []
        for layer in range(1, last):
            out, cache = self.hidden_forward(out, layer)
            caches.append(cache)
        scores, last_cache = affine_forward(out, self.params[f"W{last}"], self.params[f"b{last}"])
        ### END SOLUTION
        if y is None:
            return scores

        grads = {}
        # TODO: compute the regularised loss. Then go back through the last layer and all hidden
        # layers (hidden_backward), and store each parameter's gradient in grads under its name.
        ### BEGIN SOLUTION
        loss, dscores = softmax_loss(scores, y)
        dout, grads[f"W{last}"], grads[f"b{last}"] = affine_backward(dscores, last_cache)
        for layer in range(last - 1, 0, -1):
            dout, layer_grads = self.hidden_backward(dout, caches[layer - 1], layer)
            grads.update(layer_grads)
        for layer in range(1, last + 1):
            w = self.params[f"W{layer}"]
            loss += l2_penalty(w, self.reg)
            grads[f"W{layer}"] += l2_gradient(w, self.reg)
        ### END SOLUTION
        return loss, grads
