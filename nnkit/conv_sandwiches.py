"""Layers that nearly always follow each other in a convolutional network, as one pair of functions."""

from nnkit.fast_convolution import conv_backward_fast, conv_forward_fast, max_pool_backward_fast, max_pool_forward_fast
from nnkit.layers import relu_backward, relu_forward
from nnkit.spatial_normalization import spatial_batchnorm_backward, spatial_batchnorm_forward


def conv_relu_forward(x, w, b, conv_param):
    """Convolution followed by a ReLU, forward pass.

    Parameters
    ----------
    x, w, b : arrays
        (N, C, H, W), (F, C, HH, WW) and (F,).
    conv_param : dict
        ``stride`` and ``pad``.

    Returns
    -------
    out : (N, F, H', W') array
    cache : tuple
        The caches of the two layers.
    """
    maps, conv_cache = conv_forward_fast(x, w, b, conv_param)
    out, relu_cache = relu_forward(maps)
    return out, (conv_cache, relu_cache)


def conv_relu_backward(dout, cache):
    """Convolution followed by a ReLU, backward pass.

    Parameters
    ----------
    dout : (N, F, H', W') array
        Upstream derivative.
    cache : tuple
        As `conv_relu_forward` left it.

    Returns
    -------
    dx, dw, db : arrays shaped like x, w and b
    """
    conv_cache, relu_cache = cache
    dmaps = relu_backward(dout, relu_cache)
    return conv_backward_fast(dmaps, conv_cache)


def conv_relu_pool_forward(x, w, b, conv_param, pool_param):
    """Convolution, ReLU and max pooling, forward pass.

    Parameters
    ----------
    x, w, b : arrays
        (N, C, H, W), (F, C, HH, WW) and (F,).
    conv_param : dict
        ``stride`` and ``pad``.
    pool_param : dict
        ``pool_height``, ``pool_width`` and ``stride``.

    Returns
    -------
    out : (N, F, H'', W'') array
    cache : tuple
        The caches of the three layers.
    """
    maps, conv_cache = conv_forward_fast(x, w, b, conv_param)
    active, relu_cache = relu_forward(maps)
    out, pool_cache = max_pool_forward_fast(active, pool_param)
    return out, (conv_cache, relu_cache, pool_cache)


def conv_relu_pool_backward(dout, cache):
    """Convolution, ReLU and max pooling, backward pass.

    Parameters
    ----------
    dout : (N, F, H'', W'') array
        Upstream derivative.
    cache : tuple
        As `conv_relu_pool_forward` left it.

    Returns
    -------
    dx, dw, db : arrays shaped like x, w and b
    """
    conv_cache, relu_cache, pool_cache = cache
    dactive = max_pool_backward_fast(dout, pool_cache)
    dmaps = relu_backward(dactive, relu_cache)
    return conv_backward_fast(dmaps, conv_cache)


def conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param):
    """Convolution, spatial batch normalisation and a ReLU, forward pass.

    Parameters
    ----------
    x, w, b : arrays
        (N, C, H, W), (F, C, HH, WW) and (F,).
    gamma, beta : (F,) arrays
    conv_param : dict
        ``stride`` and ``pad``.
    bn_param : dict
        As for `spatial_batchnorm_forward`.

    Returns
    -------
    out : (N, F, H', W') array
    cache : tuple
        The caches of the three layers.
    """
    maps, conv_cache = conv_forward_fast(x, w, b, conv_param)
    normalised, bn_cache = spatial_batchnorm_forward(maps, gamma, beta, bn_param)
    out, relu_cache = relu_forward(normalised)
    return out, (conv_cache, bn_cache, relu_cache)


def conv_bn_relu_backward(dout, cache):
    """Convolution, spatial batch normalisation and a ReLU, backward pass.

    Parameters
    ----------
    dout : (N, F, H', W') array
        Upstream derivative.
    cache : tuple
        As `conv_bn_relu_forward` left it in training.

    Returns
    -------
    dx, dw, db, dgamma, dbeta : arrays shaped like x, w, b, gamma and beta
    """
    conv_cache, bn_cache, relu_cache = cache
    dnormalised = relu_backward(dout, relu_cache)
    dmaps, dgamma, dbeta = spatial_batchnorm_backward(dnormalised, bn_cache)
    dx, dw, db = conv_backward_fast(dmaps, conv_cache)
    return dx, dw, db, dgamma, dbeta
