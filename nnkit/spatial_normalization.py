"""Normalisation of feature maps: batch normalisation with one mean per channel, and group normalisation."""

import numpy as np

from nnkit.normalization import batchnorm_backward, batchnorm_forward


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Spatial batch normalisation, forward pass: each channel gets mean beta and deviation gamma.

    What a filter finds means the same wherever it finds it, so mean and variance are taken over
    the batch and over all places: N * H * W numbers for each of the C channels.

    Parameters
    ----------
    x : (N, C, H, W) array
    gamma, beta : (C,) arrays
        Scale and shift of each channel, both learnt.
    bn_param : dict
        As for `batchnorm_forward`: ``mode`` "train" or "test", ``eps``, ``momentum``,
        ``running_mean`` and ``running_var``, here (C,) arrays.

    Returns
    -------
    out : (N, C, H, W) array
    cache : tuple
        What `spatial_batchnorm_backward` needs; None at test time.
    """
    # TODO: let batchnorm_forward do the work: channels are its features, and every place of every
    # image is one of its rows. Mind the order of the axes before you reshape.
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out_rows, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out = out_rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    ### END SOLUTION
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    """Spatial batch normalisation, backward pass.

    Parameters
    ----------
    dout : (N, C, H, W) array
        Upstream derivative.
    cache : tuple
        As `spatial_batchnorm_forward` left it in training.

    Returns
    -------
    dx : (N, C, H, W) array
    dgamma, dbeta : (C,) arrays
    """
    # TODO: rearrange dout as x was rearranged, call batchnorm_backward, and put dx back in order.
    ### BEGIN SOLUTION
    N, C, H, W = dout.shape
    drows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dx_rows, dgamma, dbeta = batchnorm_backward(drows, cache)
    dx = dx_rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    ### END SOLUTION
    return dx, dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Group normalisation, forward pass: mean and variance of each image's groups of channels.

    The C channels are divided, in their order, into G groups of C / G. Each group of each image is
    normalised with its own mean and (biased) variance; then every channel is scaled and shifted
    (Wu and He 2018). With G = 1 this is layer normalisation of the whole image, with G = C every
    channel stands for itself. An output does not depend on the rest of the batch, so training and
    testing are the same.

    Parameters
    ----------
    x : (N, C, H, W) array
    gamma, beta : (1, C, 1, 1) arrays
        Scale and shift of each channel, both learnt.
    G : int
        Count of groups, a divisor of C.
    gn_param : dict
        ``eps`` : added to the variance, 1e-5 if not given.

    Returns
    -------
    out : (N, C, H, W) array
    cache : tuple
        What `spatial_groupnorm_backward` needs.
    """
    eps = gn_param.get("eps", 1e-5)
    # TODO: reshape x so that each group is one row, normalise the rows, go back to the shape of x,
    # and scale and shift the channels. Put what the backward pass will need into cache.
    ### BEGIN SOLUTION
    groups = x.reshape(len(x), G, -1)
    centred = groups - groups.mean(axis=2, keepdims=True)
    inv_std = 1 / np.sqrt((centred**2).mean(axis=2, keepdims=True) + eps)
    normalised = (centred * inv_std).reshape(x.shape)
    out = gamma * normalised + beta
    cache = (normalised, inv_std, gamma, G)
    ### END SOLUTION
    return out, cache


def spatial_groupnorm_backward(dout, cache):
    """Group normalisation, backward pass.

    Parameters
    ----------
    dout : (N, C, H, W) array
        Upstream derivative.
    cache : tuple
        As `spatial_groupnorm_forward` left it.

    Returns
    -------
    dx : (N, C, H, W) array
    dgamma, dbeta : (1, C, 1, 1) arrays
    """
    # TODO: compute dx, dgamma and dbeta. Scale and shift are shared by all places and images, mean
    # and variance by the entries of a group.
    ### BEGIN SOLUTION
    normalised, inv_std, gamma, G = cache
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = (dout * normalised).sum(axis=(0, 2, 3), keepdims=True)
    dgroups = (dout * gamma).reshape(len(dout), G, -1)
    groups = normalised.reshape(len(dout), G, -1)
    mean = dgroups.mean(axis=2, keepdims=True)
    slope = (dgroups * groups).mean(axis=2, keepdims=True)
    dx = (inv_std * (dgroups - mean - groups * slope)).reshape(dout.shape)
    ### END SOLUTION
    return dx, dgamma, dbeta
