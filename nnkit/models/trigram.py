# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""Language model on trigrams: three words in, the probabilities of the fourth word out.

Words are numbered as in `nnkit.word_layers`.
"""

import numpy as np

from nnkit.word_layers import (
    cross_entropy,
    embedding_backward,
    embedding_forward,
    sigmoid_backward,
    sigmoid_forward,
    softmax,
)


class TrigramModel:
    """Neural language model: shared word vectors, sigmoid hidden layer, softmax over the words.

    All three words of a trigram are looked up in the same matrix.

    Parameters
    ----------
    num_words : int
        V.
    wordvec_dim : int
        D, the length of a word vector.
    hidden_dim : int
        P, the count of hidden units.
    weight_scale : float
        Standard deviation of the initial weights and word vectors.
    dtype : dtype
        Of the parameters.
    seed : int, optional
        Of the initial weights.

    Attributes
    ----------
    params : dict of arrays
        ``W_embed`` (V, D), ``W1`` (3 * D, P), ``b1`` (P,), ``W2`` (P, V), ``b2`` (V,).
    """

    def __init__(
        self, num_words=250, wordvec_dim=16, hidden_dim=128, weight_scale=0.01, dtype=np.float32, seed=None
    ):
        rng = np.random.default_rng(seed)
        self.params = {}
        # TODO: fill self.params. W_embed, W1 and W2 are Gaussian with mean 0 and standard
        # deviation weight_scale (use rng.normal), biases are zero; all have the dtype given.
        ### BEGIN SOLUTION
        shapes = {
            "W_embed": (num_words, wordvec_dim),
            "W1": (3 * wordvec_dim, hidden_dim),
            "W2": (hidden_dim, num_words),
        }
        for name, shape in shapes.items():
            self.params[name] = rng.normal(0, weight_scale, shape).astype(dtype)
        self.params["b1"] = np.zeros(hidden_dim, dtype=dtype)
        self.params["b2"] = np.zeros(num_words, dtype=dtype)
        ### END SOLUTION

    def loss(self, x, d=None):
        """Scores of the fourth word; with the correct words, cross entropy and gradients.

        Parameters
        ----------
        x : (N, 3) array of integers
            Word numbers from 1 to V.
        d : (N,) array of integers, optional
            Numbers of the correct fourth words.

        Returns
        -------
        scores : (N, V) array
            Only if d is None.
        loss, grads : float and dict of arrays
            Otherwise. ``grads`` has the keys and shapes of ``params``.
        """
        params = self.params
        # TODO: compute the scores with the layers written above, and keep their caches.
        ### BEGIN SOLUTION
        vectors, embedding_cache = embedding_forward(x, params["W_embed"])
        hidden, sigmoid_cache = sigmoid_forward(vectors @ params["W1"] + params["b1"])
        scores = hidden @ params["W2"] + params["b2"]
        ### END SOLUTION
        if d is None:
            return scores

        grads = {}
        # TODO: compute the loss, and store each parameter's gradient in grads under its name.
        ### BEGIN SOLUTION
        loss, dscores = cross_entropy(scores, d)
        grads["W2"] = hidden.T @ dscores
        grads["b2"] = dscores.sum(axis=0)
        daffine = sigmoid_backward(dscores @ params["W2"].T, sigmoid_cache)
        grads["W1"] = vectors.T @ daffine
        grads["b1"] = daffine.sum(axis=0)
        grads["W_embed"] = embedding_backward(daffine @ params["W1"].T, embedding_cache)
        ### END SOLUTION
        return loss, grads


def unigram_cross_entropy(d_train, d, num_words=250):
    """Cross entropy of a model that looks at no context, only at how frequent each word is.

    The probability of a word is its share of the training words, each word having been counted
    once more than it occurs: ``(count + 1) / (len(d_train) + num_words)``. So no word has
    probability zero.

    Parameters
    ----------
    d_train : (N,) array of integers
        Word numbers from 1 to num_words, to count.
    d : (M,) array of integers
        Word numbers to predict.
    num_words : int

    Returns
    -------
    float
        Mean of ``-log(probability)`` of the words in d.
    """
    # TODO: count the words of d_train, and compute the cross entropy of d.
    ### BEGIN SOLUTION
    counts = np.bincount(d_train - 1, minlength=num_words)
    probabilities = (counts + 1) / (len(d_train) + num_words)
    loss = -np.mean(np.log(probabilities[d - 1]))
    ### END SOLUTION
    return loss


class TrialModel:
    """A model to try a training on: word numbers are taken for quantities, which is of no use to a language.

    What a step does to it can be computed by hand. Scores are ``x @ w + b``. The loss is the
    squared distance of the scores from 1 for the correct word and 0 for all others, mean over
    the inputs.

    Parameters
    ----------
    params : dict of arrays
        ``w`` (3, V), ``b`` (V,).
    """

    def __init__(self, params):
        self.params = {name: np.array(value) for name, value in params.items()}

    def loss(self, x, d=None):
        """Scores; with the correct words, the loss and the gradients. As `TrigramModel.loss`."""
        scores = x @ self.params["w"] + self.params["b"]
        if d is None:
            return scores
        off = scores - (d[:, np.newaxis] == np.arange(1, scores.shape[1] + 1))
        slope = 2 * off / len(x)
        return np.sum(off**2) / len(x), {"w": x.T @ slope, "b": slope.sum(axis=0)}


def evaluate(model, x, d, batch_size=2000):
    """Cross entropy of a model, and the share of fourth words that it finds the likeliest.

    Parameters
    ----------
    model : TrigramModel
    x, d : (N, 3) and (N,) arrays of integers
    batch_size : int
        Inputs scored at once, which bounds the memory needed.

    Returns
    -------
    loss, accuracy : float
    """
    loss, right = 0.0, 0
    for start in range(0, len(x), batch_size):
        batch = slice(start, start + batch_size)
        scores = model.loss(x[batch])
        loss += float(cross_entropy(scores, d[batch])[0]) * len(scores)
        right += int(np.sum(np.argmax(scores, axis=1) == d[batch] - 1))
    return loss / len(x), right / len(x)


def top_words(model, x, words, count=10):
    """The most likely fourth words of each trigram, the likeliest first.

    Parameters
    ----------
    model : TrigramModel, or another one whose ``loss(x)`` gives scores
    x : (N, 3) array of integers
        Trigrams, word numbers from 1 to V.
    words : (V,) array of strings
        Word number i is ``words[i - 1]``.
    count : int

    Returns
    -------
    found : (N, count) array of strings
    probabilities : (N, count) array
        Of these words, in the same order.
    """
    # TODO: compute found and probabilities, in order of probability.
    ### BEGIN SOLUTION
    all_probabilities = softmax(model.loss(x))
    best = np.argsort(-all_probabilities, axis=1)[:, :count]
    found = words[best]
    probabilities = np.take_along_axis(all_probabilities, best, axis=1)
    ### END SOLUTION
    return found, probabilities
