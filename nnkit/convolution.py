"""Convolution and max pooling as they are defined: loops over images, filters and places, one window at a time.

`nnkit.fast_convolution` computes the same without these loops.
"""

import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    """Convolutional layer, forward pass: every filter is compared with every window of every image.

    ``out[n, f, i, j] = sum(window * w[f]) + b[f]``, where window is the (C, HH, WW) part of the
    padded image n whose upper left corner is at row ``i * stride``, column ``j * stride``.
    (Filters are not flipped: strictly speaking this is a cross-correlation.)

    Parameters
    ----------
    x : (N, C, H, W) array
        N images of C channels, H rows and W columns.
    w : (F, C, HH, WW) array
        F filters of HH rows and WW columns, each over all channels.
    b : (F,) array
        A bias for each filter.
    conv_param : dict
        ``stride`` : rows, and columns, from one window to the next.
        ``pad`` : rows and columns of zeros added on each side of an image.

    Returns
    -------
    out : (N, F, H', W') array
        ``H' = 1 + (H + 2 * pad - HH) // stride``, ``W' = 1 + (W + 2 * pad - WW) // stride``:
        only windows that lie within the padded image. What they don't reach is not used.
    cache : tuple
        ``(x, w, b, conv_param)``, what `conv_backward_naive` needs.
    """
    # TODO: pad the images with zeros (np.pad), then go through images, filters and windows. Leave
    # x itself as it is.
    ### BEGIN SOLUTION
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    rows = 1 + (H + 2 * pad - HH) // stride
    columns = 1 + (W + 2 * pad - WW) // stride
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, rows, columns), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        window = padded[n, :, top : top + HH, left : left + WW]
        out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    ### END SOLUTION
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    """Convolutional layer, backward pass.

    Parameters
    ----------
    dout : (N, F, H', W') array
        Upstream derivative.
    cache : tuple
        ``(x, w, b, conv_param)`` as `conv_forward_naive` left it.

    Returns
    -------
    dx : (N, C, H, W) array
    dw : (F, C, HH, WW) array
    db : (F,) array
    """
    x, w, b, conv_param = cache
    # TODO: compute dx, dw and db. Go through the windows as in the forward pass: each adds its
    # share. Collect what belongs to x in the padded image, and cut the padding off at the end.
    ### BEGIN SOLUTION
    stride, pad = conv_param["stride"], conv_param["pad"]
    _, _, H, W = x.shape
    _, _, HH, WW = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded = np.zeros_like(padded)
    dw = np.zeros_like(w)
    db = np.zeros_like(b)
    for n, f, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = (n, slice(None), slice(top, top + HH), slice(left, left + WW))
        dpadded[window] += dout[n, f, i, j] * w[f]
        dw[f] += dout[n, f, i, j] * padded[window]
        db[f] += dout[n, f, i, j]
    dx = dpadded[:, :, pad : pad + H, pad : pad + W]
    ### END SOLUTION
    return dx, dw, db


def max_pool_forward_naive(x, pool_param):
    """Max pooling, forward pass: the largest entry of every window, channel by channel.

    Parameters
    ----------
    x : (N, C, H, W) array
    pool_param : dict
        ``pool_height``, ``pool_width`` : size of a window.
        ``stride`` : rows, and columns, from one window to the next. With a stride smaller than
        the window, windows overlap.

    Returns
    -------
    out : (N, C, H', W') array
        ``H' = 1 + (H - pool_height) // stride``, ``W' = 1 + (W - pool_width) // stride``.
    cache : tuple
        ``(x, pool_param)``, what `max_pool_backward_naive` needs.
    """
    # TODO: fill out with the maximum of each window.
    ### BEGIN SOLUTION
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    N, C, H, W = x.shape
    out = np.zeros((N, C, 1 + (H - height) // stride, 1 + (W - width) // stride), dtype=x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        out[n, c, i, j] = x[n, c, top : top + height, left : left + width].max()
    ### END SOLUTION
    cache = (x, pool_param)
    return out, cache


def max_pool_backward_naive(dout, cache):
    """Max pooling, backward pass: each window hands its derivative to the entry that was largest.

    Where several entries of a window are equally large, one of them gets it all; which one is a
    matter of choice (here the first).

    Parameters
    ----------
    dout : (N, C, H', W') array
        Upstream derivative.
    cache : tuple
        ``(x, pool_param)`` as `max_pool_forward_naive` left it.

    Returns
    -------
    dx : (N, C, H, W) array
    """
    x, pool_param = cache
    # TODO: find the place of each window's maximum, and add the window's derivative there: an
    # entry may be the largest of several windows.
    ### BEGIN SOLUTION
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    ### END SOLUTION
    return dx
