"""A recurrent network that writes a caption for an image, word by word (Vinyals et al. 2015)."""

import numpy as np

from nnkit.embedding import word_embedding_backward, word_embedding_forward
from nnkit.layers import affine_backward, affine_forward
from nnkit.lstm import lstm_backward, lstm_forward, lstm_step_forward
from nnkit.recurrent import rnn_backward, rnn_forward, rnn_step_forward
from nnkit.temporal import temporal_affine_backward, temporal_affine_forward, temporal_softmax_loss


class CaptioningRNN:
    """Captions from image features: the image sets the hidden state, the words so far the rest.

    Parameters
    ----------
    word_to_idx : dict of str to int
        The vocabulary of V words, ``<NULL>`` (padding), ``<START>`` and ``<END>`` among them.
    input_dim : int
        D, the count of numbers in the features of an image.
    wordvec_dim : int
        W, the count of numbers in the vector of a word.
    hidden_dim : int
        H, the count of hidden units.
    cell_type : {'rnn', 'lstm'}
    dtype : dtype
        Of the parameters: float32 is faster, float64 more exact.

    Attributes
    ----------
    params : dict of arrays
        ``W_proj`` (D, H), ``b_proj`` (H,), ``W_embed`` (V, W), ``Wx`` (W, kH), ``Wh`` (H, kH),
        ``b`` (kH,), ``W_vocab`` (H, V), ``b_vocab`` (V,), where k is 1 ('rnn') or 4 ('lstm').
    """

    def __init__(
        self, word_to_idx, input_dim=512, wordvec_dim=128, hidden_dim=128, cell_type="rnn", dtype=np.float32
    ):
        if cell_type not in ("rnn", "lstm"):
            raise ValueError(f"cell_type is {cell_type!r}, expected 'rnn' or 'lstm'")
        self.cell_type = cell_type
        self.word_to_idx = word_to_idx
        self._null = word_to_idx["<NULL>"]
        self._start = word_to_idx.get("<START>")
        self._end = word_to_idx.get("<END>")

        vocab_size = len(word_to_idx)
        columns = {"rnn": 1, "lstm": 4}[cell_type] * hidden_dim
        sizes = {
            "W_embed": (vocab_size, wordvec_dim),
            "W_proj": (input_dim, hidden_dim),
            "Wx": (wordvec_dim, columns),
            "Wh": (hidden_dim, columns),
            "W_vocab": (hidden_dim, vocab_size),
        }
        # A sum of D inputs keeps their size with weights of 1 / sqrt(D); an embedding sums nothing.
        self.params = {
            name: np.random.randn(*size) / (100 if name == "W_embed" else np.sqrt(size[0]))
            for name, size in sizes.items()
        }
        for name, size in [("b_proj", hidden_dim), ("b", columns), ("b_vocab", vocab_size)]:
            self.params[name] = np.zeros(size)
        self.params = {name: value.astype(dtype) for name, value in self.params.items()}

    def loss(self, features, captions):
        """Loss of the captions, each word predicted from the image and the words before it.

        Parameters
        ----------
        features : (N, D) array
            Of one image for each caption.
        captions : (N, T) array of integers
            Words from ``<START>`` to ``<END>``, filled up with ``<NULL>``.

        Returns
        -------
        loss : float
            Summed over the words that are to be predicted, averaged over the captions.
        grads : dict of arrays
            With the keys and shapes of ``params``.
        """
        # What goes in lacks the last word, what is to come out the first: T - 1 predictions.
        captions_in = captions[:, :-1]
        captions_out = captions[:, 1:]
        mask = captions_out != self._null
        params = self.params
        grads = {}
        # TODO: compute the loss, and every parameter's gradient under its name in grads.
        # Forward: features to the first hidden state (W_proj, b_proj); words to vectors
        # (W_embed); hidden states of all steps (self._states); scores of all words at every step
        # (W_vocab, b_vocab); the temporal softmax loss with the mask. Then all the way back.
        ### BEGIN SOLUTION
        h0, proj_cache = affine_forward(features, params["W_proj"], params["b_proj"])
        vectors, embed_cache = word_embedding_forward(captions_in, params["W_embed"])
        h, states_cache = self._states(vectors, h0)
        scores, vocab_cache = temporal_affine_forward(h, params["W_vocab"], params["b_vocab"])
        loss, dscores = temporal_softmax_loss(scores, captions_out, mask)

        dh, grads["W_vocab"], grads["b_vocab"] = temporal_affine_backward(dscores, vocab_cache)
        dvectors, dh0, grads["Wx"], grads["Wh"], grads["b"] = self._states_backward(dh, states_cache)
        grads["W_embed"] = word_embedding_backward(dvectors, embed_cache)
        _, grads["W_proj"], grads["b_proj"] = affine_backward(dh0, proj_cache)
        ### END SOLUTION
        return loss, grads

    def sample(self, features, max_length=30, temperature=0):
        """Write a caption for each image.

        Parameters
        ----------
        features : (N, D) array
        max_length : int
            Count of words to write.
        temperature : float
            0 takes the word of the highest score at every step; otherwise words are drawn at
            random, the more freely the higher it is.

        Returns
        -------
        (N, max_length) array of integers
            The words after ``<START>``, which is not among them. What follows ``<END>`` means
            nothing.
        """
        captions = np.full((len(features), max_length), self._null)
        params = self.params
        # TODO: start from the image's hidden state, a cell state of zeros and the word <START>
        # (self._start). At every step: vectors of the words, a step of the cell (self._step),
        # scores of all words; let self._choose(scores, temperature) choose, note the words in
        # captions, and feed them back in.
        ### BEGIN SOLUTION
        h, _ = affine_forward(features, params["W_proj"], params["b_proj"])
        state = (h, np.zeros_like(h))
        words = np.full(len(features), self._start)
        for t in range(max_length):
            vectors = params["W_embed"][words]
            state = self._step(vectors, state)
            scores, _ = affine_forward(state[0], params["W_vocab"], params["b_vocab"])
            words = self._choose(scores, temperature)
            captions[:, t] = words
        ### END SOLUTION
        return captions

    def _states(self, vectors, h0):
        """Hidden states (N, T, H) of all steps, and the cache, from word vectors (N, T, W)."""
        Wx, Wh, b = self.params["Wx"], self.params["Wh"], self.params["b"]
        # TODO: if self.cell_type is "rnn", compute h and cache with the layer you wrote.
        ### BEGIN SOLUTION rnn
        if self.cell_type == "rnn":
            h, cache = rnn_forward(vectors, h0, Wx, Wh, b)
        ### END SOLUTION
        # TODO: if self.cell_type is "lstm", compute h and cache with the layer you wrote.
        ### BEGIN SOLUTION lstm
        if self.cell_type == "lstm":
            h, cache = lstm_forward(vectors, h0, Wx, Wh, b)
        ### END SOLUTION
        return h, cache

    def _states_backward(self, dh, cache):
        """The gradients of word vectors, h0, Wx, Wh and b from those of all hidden states."""
        # TODO: if self.cell_type is "rnn", compute the five gradients with the layer you wrote.
        ### BEGIN SOLUTION rnn
        if self.cell_type == "rnn":
            dvectors, dh0, dWx, dWh, db = rnn_backward(dh, cache)
        ### END SOLUTION
        # TODO: if self.cell_type is "lstm", compute the five gradients with the layer you wrote.
        ### BEGIN SOLUTION lstm
        if self.cell_type == "lstm":
            dvectors, dh0, dWx, dWh, db = lstm_backward(dh, cache)
        ### END SOLUTION
        return dvectors, dh0, dWx, dWh, db

    def _step(self, vectors, state):
        """The state after one more step, from word vectors (N, W) and the state before.

        A state is a pair (h, c), (N, H) each: the hidden state and the cell state. The simple
        cell has no use for c and hands it on as it is.
        """
        Wx, Wh, b = self.params["Wx"], self.params["Wh"], self.params["b"]
        h, c = state
        # TODO: if self.cell_type is "rnn", take one step: a new h.
        ### BEGIN SOLUTION rnn
        if self.cell_type == "rnn":
            h, _ = rnn_step_forward(vectors, h, Wx, Wh, b)
        ### END SOLUTION
        # TODO: if self.cell_type is "lstm", take one step: a new h and a new c.
        ### BEGIN SOLUTION lstm
        if self.cell_type == "lstm":
            h, c, _ = lstm_step_forward(vectors, h, c, Wx, Wh, b)
        ### END SOLUTION
        return h, c

    def _choose(self, scores, temperature):
        """One word (N,) for every row of scores (N, V)."""
        if temperature > 0:
            # The highest of scores with Gumbel noise is a draw from their softmax.
            scores = scores / temperature + np.random.gumbel(size=scores.shape)
        return np.argmax(scores, axis=1)
