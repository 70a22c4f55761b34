"""Word embedding, by picking rows and as an affine layer on one-hot rows: one contract."""

import numpy as np
import pytest

from nnkit import embedding, one_hot_embedding
from nnkit.gradient_check import eval_numerical_gradient_array, rel_error

either_way = pytest.mark.parametrize("way", [embedding, one_hot_embedding], ids=lambda way: way.__name__)


@either_way
def test_every_word_is_replaced_by_its_row(way):
    W = np.linspace(0, 1, 15).reshape(5, 3)
    out, _ = way.word_embedding_forward(np.array([[0, 3, 1, 2], [2, 1, 0, 3]]), W)
    np.testing.assert_array_equal(out, [W[[0, 3, 1, 2]], W[[2, 1, 0, 3]]])


@either_way
def test_a_repeated_word_collects_the_derivatives_of_all_its_places(way):
    x, W = np.array([[1, 1, 3], [1, 3, 0]]), np.zeros((5, 2))
    dout = np.arange(12.0).reshape(2, 3, 2)
    dW = way.word_embedding_backward(dout, way.word_embedding_forward(x, W)[1])
    np.testing.assert_array_equal(dW, [[10, 11], [0 + 2 + 6, 1 + 3 + 7], [0, 0], [4 + 8, 5 + 9], [0, 0]])


@either_way
def test_the_gradient_is_the_slope(way):
    rng = np.random.default_rng(0)
    x, W, dout = rng.integers(4, size=(3, 5)), rng.normal(size=(4, 2)), rng.normal(size=(3, 5, 2))
    dW = way.word_embedding_backward(dout, way.word_embedding_forward(x, W)[1])
    numeric = eval_numerical_gradient_array(lambda W: way.word_embedding_forward(x, W)[0], W, dout)
    assert rel_error(dW, numeric) < 1e-8


@either_way
def test_one_word_and_float32(way):
    W = np.eye(3, dtype=np.float32)
    out, cache = way.word_embedding_forward(np.array([[2]]), W)
    dW = way.word_embedding_backward(out, cache)
    assert (out.dtype, dW.dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(dW, np.diag([0, 0, 1]))
