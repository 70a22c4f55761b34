"""Normalisation: shift and scale activations to mean 0 and variance 1, over the batch or over the features."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalisation, forward pass: each feature gets mean beta and standard deviation gamma.

    ``out = gamma * (x - mean) / sqrt(var + eps) + beta`` (Ioffe and Szegedy 2015). In training
    mean and var are those of each feature over the minibatch; var is the biased one, divided by
    N. Meanwhile running averages of both are kept, as ``momentum * running + (1 - momentum) *
    sample``, and it is these that are used at test time.

    Parameters
    ----------
    x : (N, D) array
    gamma, beta : (D,) arrays
        Scale and shift, both learnt.
    bn_param : dict
        ``mode`` : "train" or "test".
        ``eps`` : added to the variance, 1e-5 if not given.
        ``momentum`` : of the running averages, 0.9 if not given.
        ``running_mean``, ``running_var`` : (D,) arrays, zeros if not given. Training replaces
        them; testing changes nothing.

    Returns
    -------
    out : (N, D) array
    cache : tuple
        What `batchnorm_backward` needs; None at test time.

    Raises
    ------
    ValueError
        If mode is neither "train" nor "test".
    """
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1], dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1], dtype=x.dtype))

    if mode == "train":
        # TODO: normalise each feature with its mean and variance over the minibatch, scale it with
        # gamma and shift it by beta. Put what the backward pass will need into cache. Store the
        # new running averages in bn_param, as "running_mean" and "running_var".
        ### BEGIN SOLUTION
        mean = x.mean(axis=0)
        centred = x - mean
        var = (centred**2).mean(axis=0)
        inv_std = 1 / np.sqrt(var + eps)
        out = gamma * (centred * inv_std) + beta
        cache = (centred, inv_std, gamma)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
        ### END SOLUTION
    elif mode == "test":
        # TODO: the same with the running averages in place of the minibatch's mean and variance.
        # Change nothing in bn_param.
        ### BEGIN SOLUTION
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
        ### END SOLUTION
        cache = None
    else:
        raise ValueError(f'batchnorm_forward: mode is {mode!r}, it should be "train" or "test"')
    return out, cache


def batchnorm_backward(dout, cache):
    """Batch normalisation, backward pass through the graph of a training step, node by node.

    Mean and variance depend on the whole minibatch, so every input reaches every output of its
    feature.

    Parameters
    ----------
    dout : (N, D) array
        Upstream derivative.
    cache : tuple
        As `batchnorm_forward` left it in training.

    Returns
    -------
    dx : (N, D) array
    dgamma, dbeta : (D,) arrays
    """
    # TODO: follow the graph backwards from out to x. Where two paths meet, add their derivatives.
    ### BEGIN SOLUTION
    centred, inv_std, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * centred * inv_std).sum(axis=0)
    dnormalised = dout * gamma
    dinv_std = (dnormalised * centred).sum(axis=0)
    dvar = -0.5 * inv_std**3 * dinv_std
    dcentred = dnormalised * inv_std + 2 * centred * dvar / len(dout)
    dx = dcentred - dcentred.mean(axis=0)
    ### END SOLUTION
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    """Batch normalisation, backward pass in one simplified expression for dx.

    Parameters
    ----------
    dout : (N, D) array
        Upstream derivative.
    cache : tuple
        As `batchnorm_forward` left it in training.

    Returns
    -------
    dx : (N, D) array
    dgamma, dbeta : (D,) arrays
        The same as from `batchnorm_backward`, with less work.
    """
    # TODO: simplify the derivative with respect to x on paper, until dx is one short expression.
    ### BEGIN SOLUTION
    centred, inv_std, gamma = cache
    normalised = centred * inv_std
    dbeta = dout.sum(axis=0)
    dgamma = (dout * normalised).sum(axis=0)
    dx = gamma * inv_std * (dout - (dbeta + normalised * dgamma) / len(dout))
    ### END SOLUTION
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    """Layer normalisation, forward pass: each input gets mean 0 and variance 1 over its features.

    ``out = gamma * (x - mean) / sqrt(var + eps) + beta`` with mean and (biased) variance of each
    row (Ba, Kiros and Hinton 2016). An input's output does not depend on the rest of the batch,
    so training and testing are the same, and there are no running averages.

    Parameters
    ----------
    x : (N, D) array
    gamma, beta : (D,) arrays
        Scale and shift of each feature, both learnt.
    ln_param : dict
        ``eps`` : added to the variance, 1e-5 if not given.

    Returns
    -------
    out : (N, D) array
    cache : tuple
        What `layernorm_backward` needs.
    """
    eps = ln_param.get("eps", 1e-5)
    # TODO: normalise each row with its own mean and variance, then scale and shift the features.
    # Put what the backward pass will need into cache.
    ### BEGIN SOLUTION
    centred = x - x.mean(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + eps)
    normalised = centred * inv_std
    out = gamma * normalised + beta
    cache = (normalised, inv_std, gamma)
    ### END SOLUTION
    return out, cache


def layernorm_backward(dout, cache):
    """Layer normalisation, backward pass.

    Parameters
    ----------
    dout : (N, D) array
        Upstream derivative.
    cache : tuple
        As `layernorm_forward` left it.

    Returns
    -------
    dx : (N, D) array
    dgamma, dbeta : (D,) arrays
    """
    # TODO: compute dx, dgamma and dbeta. Mean and variance are those of a row, gamma and beta are
    # shared by the rows.
    ### BEGIN SOLUTION
    normalised, inv_std, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * normalised).sum(axis=0)
    dnormalised = dout * gamma
    mean = dnormalised.mean(axis=1, keepdims=True)
    slope = (dnormalised * normalised).mean(axis=1, keepdims=True)
    dx = inv_std * (dnormalised - mean - normalised * slope)
    ### END SOLUTION
    return dx, dgamma, dbeta
