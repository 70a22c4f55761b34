"""A transformer encoder of one block that judges sentences (Vaswani et al. 2017; Devlin et al. 2019)."""

import numpy as np

from nnkit.attention import multi_head_backward, multi_head_forward
from nnkit.encoder import (
    embed_backward,
    embed_forward,
    feedforward_backward,
    feedforward_forward,
    temporal_layernorm_backward,
    temporal_layernorm_forward,
)
from nnkit.layers import affine_backward, affine_forward


class TransformerClassifier:
    """One encoder block, and a score from the state of the first word, which is no real word.

    Parameters
    ----------
    vocab_size : int
        V, the count of words, padding and the first word included.
    hidden_dim : int
        D, the count of numbers in the vector of a word.
    num_heads : int
        H, the count of attention heads.
    dim_feedforward : int
        F, the count of hidden units of the small network that every word passes.
    dim_k : int
        K, the count of numbers in a query and in a key.
    dim_v : int
        M, the count of numbers in a value.
    max_length : int
        L, the largest count of words in a sentence.
    padding : int
        The word that fills sentences up to the same length.
    dtype : dtype
        Of the parameters: float32 is faster, float64 more exact.

    Attributes
    ----------
    params : dict of arrays
        ``W_word`` (V, D), ``W_position`` (L, D); ``Wq``, ``Wk`` (H, D, K), ``Wv`` (H, D, M),
        ``Wo`` (H * M, D), ``bo`` (D,); ``gamma1``, ``beta1`` (D,); ``W1`` (D, F), ``b1`` (F,),
        ``W2`` (F, D), ``b2`` (D,); ``gamma2``, ``beta2`` (D,); ``W_final`` (D, 1), ``b_final``
        (1,).
    """

    def __init__(
        self,
        vocab_size,
        hidden_dim=128,
        num_heads=2,
        dim_feedforward=256,
        dim_k=96,
        dim_v=96,
        max_length=43,
        padding=0,
        dtype=np.float32,
    ):
        self.padding = padding
        sizes = {
            "W_word": (vocab_size, hidden_dim),
            "W_position": (max_length, hidden_dim),
            "Wq": (num_heads, hidden_dim, dim_k),
            "Wk": (num_heads, hidden_dim, dim_k),
            "Wv": (num_heads, hidden_dim, dim_v),
            "Wo": (num_heads * dim_v, hidden_dim),
            "W1": (hidden_dim, dim_feedforward),
            "W2": (dim_feedforward, hidden_dim),
            "W_final": (hidden_dim, 1),
        }
        # A sum of D inputs keeps their size with weights of 1 / sqrt(D); an embedding is no sum.
        scales = {"W_word": 0.5, "W_position": 0.5}
        self.params = {}
        for name, size in sizes.items():
            self.params[name] = scales.get(name, size[-2] ** -0.5) * np.random.randn(*size)
        for name in ("bo", "beta1", "b2", "beta2"):
            self.params[name] = np.zeros(hidden_dim)
        for name in ("gamma1", "gamma2"):
            self.params[name] = np.ones(hidden_dim)
        self.params["b1"] = np.zeros(dim_feedforward)
        self.params["b_final"] = np.zeros(1)
        self.params = {name: value.astype(dtype) for name, value in self.params.items()}

    def loss(self, words, labels=None):
        """Logistic loss of sentences, or their scores.

        Parameters
        ----------
        words : (N, T) array of integers
            Sentences, filled up with padding.
        labels : (N,) array, optional
            1 for an acceptable sentence, 0 for another.

        Returns
        -------
        scores : (N, 2) array, if there are no labels
            Of the classes 0, always zero, and 1, so that the higher one is the decision.
        loss : float, if there are labels
            ``-log`` of the probability that is given to the label, mean over the sentences. The
            probability of 1 is the sigmoid of the score.
        grads : dict of arrays
            With the keys and shapes of ``params``.
        """
        scores, cache = self.forward(words)
        if labels is None:
            return np.stack([np.zeros_like(scores), scores], axis=1)
        # TODO: compute the loss and its derivative dscores (N,). Neither may overflow, however
        # large a score is (np.logaddexp(0, s) is the log of 1 + exp(s)).
        ### BEGIN SOLUTION
        labels = labels.astype(scores.dtype)
        loss = np.mean(np.logaddexp(0, scores) - labels * scores)
        probabilities = (1 + np.tanh(scores / 2)) / 2  # the sigmoid
        dscores = (probabilities - labels) / len(labels)
        ### END SOLUTION
        return loss, self.backward(dscores, cache)

    def embed(self, words):
        """Vectors (N, T, D) of words (N, T) at their places, and a cache."""
        params = self.params
        # TODO: words to vectors (W_word, W_position).
        ### BEGIN SOLUTION
        out, cache = embed_forward(words, params["W_word"], params["W_position"])
        ### END SOLUTION
        return out, cache

    def multi_head_attention(self, x, mask):
        """First half of the block: ``layer norm(x + attention(x))``, (N, T, D), and a cache."""
        params = self.params
        # TODO: attention with all heads (Wq, Wk, Wv, Wo, bo); add x to what it gives; then the
        # first layer norm (gamma1, beta1).
        ### BEGIN SOLUTION
        attended, attention_cache = multi_head_forward(
            x, params["Wq"], params["Wk"], params["Wv"], params["Wo"], params["bo"], mask
        )
        out, norm_cache = temporal_layernorm_forward(x + attended, params["gamma1"], params["beta1"])
        cache = (attention_cache, norm_cache)
        ### END SOLUTION
        return out, cache

    def feedforward_layer(self, x):
        """Second half of the block: ``layer norm(x + network(x))``, (N, T, D), and a cache."""
        params = self.params
        # TODO: the small network of every word (W1, b1, W2, b2); add x to what it gives; then
        # the second layer norm (gamma2, beta2).
        ### BEGIN SOLUTION
        weights = (params[name] for name in ("W1", "b1", "W2", "b2"))
        changed, network_cache = feedforward_forward(x, *weights)
        out, norm_cache = temporal_layernorm_forward(x + changed, params["gamma2"], params["beta2"])
        cache = (network_cache, norm_cache)
        ### END SOLUTION
        return out, cache

    def final_layer(self, x):
        """One score for each sentence, (N,), from the state of its first word, and a cache."""
        params = self.params
        # TODO: an affine layer (W_final, b_final) on the first word's state; the rest of x is
        # not read. The scores have one axis only.
        ### BEGIN SOLUTION
        column, affine_cache = affine_forward(x[:, 0], params["W_final"], params["b_final"])
        scores = column[:, 0]
        cache = (x.shape, affine_cache)
        ### END SOLUTION
        return scores, cache

    def forward(self, words):
        """Scores of sentences: the higher, the more acceptable.

        Parameters
        ----------
        words : (N, T) array of integers
            Sentences, filled up with padding, T <= L.

        Returns
        -------
        scores : (N,) array
        cache : tuple
            What `backward` needs.
        """
        mask = words != self.padding
        # What is padding in all of these sentences counts for nothing: it need not be computed.
        longest = mask.shape[1] - np.argmax(mask.any(axis=0)[::-1])
        words, mask = words[:, :longest], mask[:, :longest]
        # TODO: the four methods above, one after the other.
        ### BEGIN SOLUTION
        x, embed_cache = self.embed(words)
        x, attention_cache = self.multi_head_attention(x, mask)
        x, feedforward_cache = self.feedforward_layer(x)
        scores, final_cache = self.final_layer(x)
        cache = (embed_cache, attention_cache, feedforward_cache, final_cache)
        ### END SOLUTION
        return scores, cache

    def backward(self, dscores, cache):
        """Gradients of all parameters.

        Parameters
        ----------
        dscores : (N,) array
            Upstream derivative.
        cache : tuple
            As `forward` left it.

        Returns
        -------
        dict of arrays
            With the keys and shapes of ``params``.
        """
        grads = {}
        # TODO: all the way back, every parameter's gradient under its name in grads. Where x
        # was added to what a layer makes of it, two derivatives add up.
        ### BEGIN SOLUTION
        embed_cache, (attention_cache, norm1_cache), (network_cache, norm2_cache), final_cache = cache
        shape, affine_cache = final_cache
        dfirst, grads["W_final"], grads["b_final"] = affine_backward(dscores[:, None], affine_cache)
        dx = np.zeros(shape, dtype=dfirst.dtype)
        dx[:, 0] = dfirst

        dsum, grads["gamma2"], grads["beta2"] = temporal_layernorm_backward(dx, norm2_cache)
        dchanged, *dnetwork = feedforward_backward(dsum, network_cache)
        grads["W1"], grads["b1"], grads["W2"], grads["b2"] = dnetwork
        dx = dsum + dchanged

        dsum, grads["gamma1"], grads["beta1"] = temporal_layernorm_backward(dx, norm1_cache)
        dattended, *dheads = multi_head_backward(dsum, attention_cache)
        grads["Wq"], grads["Wk"], grads["Wv"], grads["Wo"], grads["bo"] = dheads
        dx = dsum + dattended

        grads["W_word"], grads["W_position"] = embed_backward(dx, embed_cache)
        ### END SOLUTION
        return grads
