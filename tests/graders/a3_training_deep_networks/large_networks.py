"""Gradients of networks so large that nudging every weight doesn't end in time: a few directions are tried instead."""

import numpy as np

from nnkit.student.testing import NETWORK_GRADIENT, arrays_named, assert_close, assert_shape, unpack

DIRECTIONS = 4
STEP = 1e-7  # every entry moves at once, so a longer step would take ReLUs over their kinks


def check_slopes_of_a_large_net(net, parameters, X, y, rng):
    """Gradients against the slopes of the student's own loss, of each parameter in random directions.

    Parameters
    ----------
    net : handle
        A network in float64 that holds the parameters, and gives the same loss at every call.
    parameters : dict of arrays
    X, y : arrays
    rng : numpy.random.Generator
    """
    _, grads = unpack(net.loss(X, y), "loss", "grads")
    arrays_named(grads, parameters, "grads")
    for key, value in parameters.items():
        gradient = grads[key]
        assert_shape(gradient, value.shape, f'grads["{key}"]')
        directions = [rng.choice([-1.0, 1.0], size=value.shape) for _ in range(DIRECTIONS)]
        slopes = []
        for direction in directions:
            losses = []
            for step in (STEP, -STEP):
                net.params[key] = value + step * direction
                losses.append(unpack(net.loss(X, y), "loss", "grads")[0])
                assert_shape(losses[-1], (), "loss")
            slopes.append((float(losses[0]) - float(losses[1])) / (2 * STEP))
        net.params[key] = value
        along = np.array([float((gradient * direction).sum()) for direction in directions])
        size = float(np.linalg.norm(gradient))
        assert_close(along, np.array(slopes), 100 * NETWORK_GRADIENT, f'slopes along grads["{key}"]',
                     floor=max(size, 1e-3))  # fmt: skip
