"""The simple recurrent layer: one step, and a whole sequence unrolled over time."""

import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """One time step of a simple recurrent layer: ``next_h = tanh(x @ Wx + prev_h @ Wh + b)``.

    Parameters
    ----------
    x : (N, D) array
        Inputs of this step.
    prev_h : (N, H) array
        Hidden state after the step before.
    Wx : (D, H) array
        Weights from the input to the hidden state.
    Wh : (H, H) array
        Weights from the hidden state to the next one.
    b : (H,) array
        Biases.

    Returns
    -------
    next_h : (N, H) array
    cache : tuple
        What `rnn_step_backward` needs.
    """
    # TODO: compute next_h, and keep in cache what the backward pass will need.
    ### BEGIN SOLUTION
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    ### END SOLUTION
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    """One time step of a simple recurrent layer, backward pass.

    Parameters
    ----------
    dnext_h : (N, H) array
        Upstream derivative: of the loss with respect to the hidden state after this step.
    cache : tuple
        As `rnn_step_forward` left it.

    Returns
    -------
    dx : (N, D) array
    dprev_h : (N, H) array
    dWx : (D, H) array
    dWh : (H, H) array
    db : (H,) array
    """
    # TODO: go back through tanh, whose derivative is 1 - tanh**2, then through the two products
    # and the bias.
    ### BEGIN SOLUTION
    x, prev_h, Wx, Wh, next_h = cache
    dsum = dnext_h * (1 - next_h**2)
    dx = dsum @ Wx.T
    dprev_h = dsum @ Wh.T
    dWx = x.T @ dsum
    dWh = prev_h.T @ dsum
    db = dsum.sum(axis=0)
    ### END SOLUTION
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    """A simple recurrent layer over whole sequences, the same weights at every step.

    Parameters
    ----------
    x : (N, T, D) array
        N sequences of T inputs each.
    h0 : (N, H) array
        Hidden state before the first step.
    Wx, Wh, b : arrays
        As for `rnn_step_forward`: (D, H), (H, H), (H,).

    Returns
    -------
    h : (N, T, H) array
        Hidden state after every step.
    cache : list
        What `rnn_backward` needs.
    """
    # TODO: go through the time steps with rnn_step_forward. Each one takes the hidden state that
    # the one before has left.
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.empty((N, T, h0.shape[1]), dtype=np.result_type(x, h0, Wx))
    cache = []
    state = h0
    for t in range(T):
        state, step_cache = rnn_step_forward(x[:, t], state, Wx, Wh, b)
        h[:, t] = state
        cache.append(step_cache)
    ### END SOLUTION
    return h, cache


def rnn_backward(dh, cache):
    """A simple recurrent layer over whole sequences, backward pass (backpropagation through time).

    Parameters
    ----------
    dh : (N, T, H) array
        Upstream derivatives: what the rest of the network says of each step's hidden state by
        itself, without its influence on later steps.
    cache : list
        As `rnn_forward` left it.

    Returns
    -------
    dx : (N, T, D) array
    dh0 : (N, H) array
    dWx : (D, H) array
    dWh : (H, H) array
    db : (H,) array
    """
    # TODO: go through the steps from the last to the first with rnn_step_backward. A hidden state
    # reaches the loss on two ways, through dh[:, t] and through the next step; the weights, used
    # at every step, collect the derivatives of all.
    ### BEGIN SOLUTION
    T = dh.shape[1]
    # The last state has no next step: what it sends back is where all sums start.
    dx_t, dstate, dWx, dWh, db = rnn_step_backward(dh[:, -1], cache[-1])
    dxs = [dx_t]
    for t in reversed(range(T - 1)):
        dx_t, dstate, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t] + dstate, cache[t])
        dxs.append(dx_t)
        dWx, dWh, db = dWx + dWx_t, dWh + dWh_t, db + db_t
    dx = np.stack(dxs[::-1], axis=1)
    dh0 = dstate
    ### END SOLUTION
    return dx, dh0, dWx, dWh, db
