"""How far the initial weights of a layer spread."""

import numpy as np


def weight_std(scheme, fan_in, fan_out):
    """Standard deviation of the initial weights of an affine layer.

    Parameters
    ----------
    scheme : float, 'xavier' or 'he'
        A number is the standard deviation itself. ``'xavier'`` keeps the size of signals and of
        gradients about the same from layer to layer if the layers are linear:
        ``sqrt(2 / (fan_in + fan_out))``. ``'he'`` makes up for the half of the signal that a ReLU
        cuts off: ``sqrt(2 / fan_in)``.
    fan_in, fan_out : int
        Counts of inputs and outputs of the layer.

    Returns
    -------
    float

    References
    ----------
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010. K. He et al., "Delving deep into rectifiers", ICCV 2015.
    """
    # TODO: find the standard deviation of each of the three kinds of scheme.
    ### BEGIN SOLUTION
    if scheme == "xavier":
        std = np.sqrt(2 / (fan_in + fan_out))
    elif scheme == "he":
        std = np.sqrt(2 / fan_in)
    else:
        std = scheme
    ### END SOLUTION
    return std
