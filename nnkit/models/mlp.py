# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""Multi-layer perceptron with tanh units, written from scratch: two classes, -1 and +1, told apart by one output."""

import sys

import numpy as np
from tqdm import tqdm


def tanh_forward(x):
    """Layer of tanh units, forward pass.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    out : array shaped like x
        Between -1 and 1.
    cache : object
        Whatever `tanh_backward` needs.
    """
    # TODO: compute out, and keep in cache what the backward pass will need.
    ### BEGIN SOLUTION
    out = np.tanh(x)
    cache = out
    ### END SOLUTION
    return out, cache


def tanh_backward(dout, cache):
    """Layer of tanh units, backward pass.

    Parameters
    ----------
    dout : array
        Upstream derivative, shaped like the output of `tanh_forward`.
    cache : object
        As `tanh_forward` left it.

    Returns
    -------
    dx : array shaped like dout
    """
    # TODO: compute dx. What has the derivative of tanh to do with tanh itself?
    ### BEGIN SOLUTION
    out = cache
    dx = dout * (1 - out**2)
    ### END SOLUTION
    return dx


def mse_loss(out, y):
    """Mean squared error and its derivative.

    Parameters
    ----------
    out : (N,) array
        What the network says.
    y : (N,) array
        What it should say, -1 or +1.

    Returns
    -------
    loss : float
        The mean of ``(out - y)**2`` over the batch, without a factor of one half.
    dout : (N,) array
        Derivative of the loss with respect to `out`.
    """
    # TODO: compute the loss and its derivative.
    ### BEGIN SOLUTION
    difference = out - y
    loss = np.mean(difference**2)
    dout = 2 * difference / len(out)
    ### END SOLUTION
    return loss, dout


def classification_error(out, y):
    """Share of inputs on the wrong side of the threshold 0.

    Parameters
    ----------
    out : (N,) array
        What the network says. An output of exactly 0 counts as +1.
    y : (N,) array
        The classes, -1 or +1.

    Returns
    -------
    error : float
        From 0 (all right) to 1.
    """
    # TODO: compute the error.
    ### BEGIN SOLUTION
    predicted = np.where(out >= 0, 1, -1)
    error = np.mean(predicted != y)
    ### END SOLUTION
    return error


class MultiLayerPerceptron:
    """Affine layers, each followed by tanh units; the last one has a single unit, the output.

    Parameters
    ----------
    hidden_dims : sequence of int
        Units of each hidden layer, in order; as many layers as there are numbers.
    input_dim : int
        D, the count of numbers in one input.
    weight_scale : float
        Standard deviation of the initial weights.
    dtype : dtype
        Of the parameters; inputs are converted to it.
    seed : int, optional
        Of the initial weights.

    Attributes
    ----------
    params : dict of arrays
        ``W1`` (D, H1), ``b1`` (H1,), ``W2`` (H1, H2), ``b2`` (H2,), ... The last matrix has one
        column.
    num_layers : int
        Hidden layers and the output layer.
    """

    def __init__(self, hidden_dims=(20,), input_dim=32 * 32, weight_scale=0.02, dtype=np.float32, seed=None):
        self.num_layers = len(hidden_dims) + 1
        self.dtype = dtype
        self.params = {}
        rng = np.random.default_rng(seed)
        # TODO: fill self.params. Weights are Gaussian with mean 0 and standard deviation
        # weight_scale (use rng.normal), biases are zero; all arrays have the dtype given.
        ### BEGIN SOLUTION
        sizes = [input_dim, *hidden_dims, 1]
        for layer in range(1, self.num_layers + 1):
            shape = (sizes[layer - 1], sizes[layer])
            self.params[f"W{layer}"] = rng.normal(0, weight_scale, shape).astype(dtype)
            self.params[f"b{layer}"] = np.zeros(sizes[layer], dtype=dtype)
        ### END SOLUTION

    def loss(self, X, y=None):
        """Outputs for a batch; with classes, the mean squared error and the gradients.

        Parameters
        ----------
        X : (N, d_1, ..., d_k) array
            Inputs, d_1 * ... * d_k = D.
        y : (N,) array, optional
            Classes, -1 or +1.

        Returns
        -------
        out : (N,) array
            Only if y is None: outputs between -1 and +1.
        loss, grads : float and dict of arrays
            Otherwise. ``grads`` has the keys and shapes of ``params``.
        """
        rows = X.reshape(len(X), -1).astype(self.dtype)
        # TODO: compute out, (N,). Keep what each layer's backward pass needs.
        ### BEGIN SOLUTION
        inputs, caches = [], []
        activity = rows
        for layer in range(1, self.num_layers + 1):
            inputs.append(activity)
            affine = activity @ self.params[f"W{layer}"] + self.params[f"b{layer}"]
            activity, cache = tanh_forward(affine)
            caches.append(cache)
        out = activity[:, 0]
        ### END SOLUTION
        if y is None:
            return out

        grads = {}
        # TODO: compute the loss, then go through the layers in reverse order and store each
        # parameter's gradient in grads under its name.
        ### BEGIN SOLUTION
        loss, dout = mse_loss(out, y.astype(self.dtype))
        dactivity = dout[:, np.newaxis]
        for layer in range(self.num_layers, 0, -1):
            daffine = tanh_backward(dactivity, caches[layer - 1])
            grads[f"W{layer}"] = inputs[layer - 1].T @ daffine
            grads[f"b{layer}"] = daffine.sum(axis=0)
            if layer > 1:  # nobody asks how the loss moves with the inputs
                dactivity = daffine @ self.params[f"W{layer}"].T
        ### END SOLUTION
        return loss, grads


def momentum_step(params, grads, velocity, learning_rate, momentum=0.0):
    """One step of gradient descent, with momentum as a running sum of the steps before.

    The velocity of a parameter is what it moves by: ``momentum`` times its velocity in the step
    before, minus ``learning_rate`` times its gradient. Nothing is averaged: there is no factor
    of ``1 - momentum``.

    Parameters
    ----------
    params : dict of arrays
        Changed: afterwards its entries are the parameters after the step.
    grads : dict of arrays
        Gradients under the same names.
    velocity : dict of arrays
        Changed likewise. A name that is missing, as all are before the first step, stands for
        a velocity of zero.
    learning_rate : float
    momentum : float
        0 is plain gradient descent.
    """
    # TODO: for every name in params compute the new velocity, store it in velocity, and move the
    # parameter by it.
    ### BEGIN SOLUTION
    for name in params:
        before = velocity.get(name, 0.0)
        velocity[name] = momentum * before - learning_rate * grads[name]
        params[name] = params[name] + velocity[name]
    ### END SOLUTION


def train_perceptron(net, data, learning_rate=0.35, momentum=0.0, num_batches=50, num_epochs=100, seed=0):
    """Train a perceptron by gradient descent on minibatches.

    Interrupting (Kernel > Interrupt, or Ctrl-C) leaves the network as it was after the last
    complete epoch, and goes on to whoever called.

    Parameters
    ----------
    net : MultiLayerPerceptron
    data : dict
        ``X_train``, ``y_train``, ``X_test``, ``y_test``.
    learning_rate, momentum : float
    num_batches : int
        Minibatches in an epoch, as equally large as can be: the inputs in random order, cut.
    num_epochs : int
    seed : int
        Of the random orders.

    Returns
    -------
    dict of lists
        ``train_mse``, ``test_mse``, ``train_error``, ``test_error``: one number for each epoch.
    """
    history = {"train_mse": [], "test_mse": [], "train_error": [], "test_error": []}
    rng = np.random.default_rng(seed)
    X, y = data["X_train"], data["y_train"]
    velocity = {}
    measured = {name: value.copy() for name, value in net.params.items()}
    looks = {"desc": "training", "unit": "epoch", "file": sys.stdout, "ncols": 80, "mininterval": 1}
    with tqdm(range(num_epochs), **looks) as epochs:
        try:
            for _ in epochs:
                for batch in np.array_split(rng.permutation(len(X)), num_batches):
                    _, grads = net.loss(X[batch], y[batch])
                    momentum_step(net.params, grads, velocity, learning_rate, momentum)
                for split in ("train", "test"):
                    out = net.loss(data[f"X_{split}"])
                    history[f"{split}_mse"].append(float(mse_loss(out, data[f"y_{split}"])[0]))
                    history[f"{split}_error"].append(float(classification_error(out, data[f"y_{split}"])))
                measured = {name: value.copy() for name, value in net.params.items()}
        except KeyboardInterrupt:
            net.params = measured
            # An epoch of which not all was measured counts as none.
            complete = min(len(values) for values in history.values())
            said = f"Training interrupted after {complete} epochs; what was learned is kept."
            tqdm.write(said, file=sys.stdout)
            raise
    return history
