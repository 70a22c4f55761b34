"""Long short-term memory (Hochreiter and Schmidhuber 1997): one step, and a sequence unrolled over time.

A hidden state of H numbers comes with a cell state of H numbers. The columns of the weights, 4H of them, belong to the
input gate i, the forget gate f, the output gate o and the candidate g, in this order.
"""

import numpy as np


def sigmoid(x):
    """The logistic function ``1 / (1 + exp(-x))``, entry by entry, for numbers of any size.

    Parameters
    ----------
    x : array of floats

    Returns
    -------
    array shaped like x
    """
    # The same function by way of tanh, which can't overflow.
    return 0.5 * (np.tanh(0.5 * x) + 1)


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """One time step of an LSTM.

    ``a = x @ Wx + prev_h @ Wh + b`` is cut into four blocks of H columns; i, f and o are their
    sigmoids, g is the tanh of the last. Then ``next_c = f * prev_c + i * g`` and
    ``next_h = o * tanh(next_c)``.

    Parameters
    ----------
    x : (N, D) array
        Inputs of this step.
    prev_h : (N, H) array
        Hidden state after the step before.
    prev_c : (N, H) array
        Cell state after the step before.
    Wx : (D, 4H) array
        Weights from the input; columns in the order i, f, o, g.
    Wh : (H, 4H) array
        Weights from the hidden state.
    b : (4H,) array
        Biases.

    Returns
    -------
    next_h, next_c : (N, H) arrays
    cache : tuple
        What `lstm_step_backward` needs.
    """
    # TODO: compute the gates, next_c and next_h, and keep in cache what the backward pass needs.
    ### BEGIN SOLUTION
    a_i, a_f, a_o, a_g = np.split(x @ Wx + prev_h @ Wh + b, 4, axis=1)
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    o = sigmoid(a_o)
    g = np.tanh(a_g)
    next_c = f * prev_c + i * g
    tanh_c = np.tanh(next_c)
    next_h = o * tanh_c
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c)
    ### END SOLUTION
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    """One time step of an LSTM, backward pass.

    Parameters
    ----------
    dnext_h, dnext_c : (N, H) arrays
        Upstream derivatives of hidden and cell state. dnext_c holds what reaches the loss through
        the next step's cell state only, not what reaches it through next_h.
    cache : tuple
        As `lstm_step_forward` left it.

    Returns
    -------
    dx : (N, D) array
    dprev_h, dprev_c : (N, H) arrays
    dWx : (D, 4H) array
    dWh : (H, 4H) array
    db : (4H,) array
    """
    # TODO: go back through next_h to o and next_c (which has an upstream derivative of its own),
    # through next_c to i, f, g and prev_c, then through the sigmoids and the tanh.
    ### BEGIN SOLUTION
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c = cache
    dc = dnext_c + dnext_h * o * (1 - tanh_c**2)
    dprev_c = dc * f
    da_i = dc * g * i * (1 - i)
    da_f = dc * prev_c * f * (1 - f)
    da_o = dnext_h * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.concatenate([da_i, da_f, da_o, da_g], axis=1)
    dx = da @ Wx.T
    dprev_h = da @ Wh.T
    dWx = x.T @ da
    dWh = prev_h.T @ da
    db = da.sum(axis=0)
    ### END SOLUTION
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    """An LSTM over whole sequences, the same weights at every step. The cell state starts at zero.

    Parameters
    ----------
    x : (N, T, D) array
        N sequences of T inputs each.
    h0 : (N, H) array
        Hidden state before the first step.
    Wx, Wh, b : arrays
        As for `lstm_step_forward`: (D, 4H), (H, 4H), (4H,).

    Returns
    -------
    h : (N, T, H) array
        Hidden state after every step. The cell state stays inside the layer.
    cache : list
        What `lstm_backward` needs.
    """
    # TODO: go through the time steps with lstm_step_forward. Each one takes both states that the
    # one before has left.
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.empty((N, T, h0.shape[1]), dtype=np.result_type(x, h0, Wx))
    cache = []
    state, cell = h0, np.zeros_like(h0)
    for t in range(T):
        state, cell, step_cache = lstm_step_forward(x[:, t], state, cell, Wx, Wh, b)
        h[:, t] = state
        cache.append(step_cache)
    ### END SOLUTION
    return h, cache


def lstm_backward(dh, cache):
    """An LSTM over whole sequences, backward pass (backpropagation through time).

    Parameters
    ----------
    dh : (N, T, H) array
        Upstream derivatives: what the rest of the network says of each step's hidden state by
        itself, without its influence on later steps.
    cache : list
        As `lstm_forward` left it.

    Returns
    -------
    dx : (N, T, D) array
    dh0 : (N, H) array
    dWx : (D, 4H) array
    dWh : (H, 4H) array
    db : (4H,) array
    """
    # TODO: go through the steps from the last to the first with lstm_step_backward. Hidden and
    # cell state both carry derivatives back; nothing outside the layer sees the last cell state.
    ### BEGIN SOLUTION
    T = dh.shape[1]
    # The last states have no next step: what they send back is where all sums start.
    dx_t, dstate, dcell, dWx, dWh, db = lstm_step_backward(dh[:, -1], np.zeros_like(dh[:, -1]), cache[-1])
    dxs = [dx_t]
    for t in reversed(range(T - 1)):
        dx_t, dstate, dcell, dWx_t, dWh_t, db_t = lstm_step_backward(dh[:, t] + dstate, dcell, cache[t])
        dxs.append(dx_t)
        dWx, dWh, db = dWx + dWx_t, dWh + dWh_t, db + db_t
    dx = np.stack(dxs[::-1], axis=1)
    dh0 = dstate
    ### END SOLUTION
    return dx, dh0, dWx, dWh, db
