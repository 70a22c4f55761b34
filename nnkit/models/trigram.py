# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""Language model on trigrams: three words in, the probabilities of the fourth word out.

Words are numbered from 1 to V, as in the data files: word number i is ``words[i - 1]``, and its row of a matrix is row
``i - 1``.
"""

import sys

import numpy as np
from tqdm import tqdm


def embedding_forward(x, W):
    """Look up the vector of each word, and put those of a trigram side by side.

    Parameters
    ----------
    x : (N, 3) array of integers
        Word numbers from 1 to V.
    W : (V, D) array
        The vector of word number i is row ``i - 1``.

    Returns
    -------
    out : (N, 3 * D) array
        In the order of the words: D numbers of the first word, of the second, of the third.
    cache : object
        Whatever `embedding_backward` needs.
    """
    # TODO: compute out without a loop over the inputs.
    ### BEGIN SOLUTION
    out = W[x - 1].reshape(len(x), -1)
    ### END SOLUTION
    cache = (x, W)
    return out, cache


def embedding_backward(dout, cache):
    """Gradient of the word vectors.

    Parameters
    ----------
    dout : (N, 3 * D) array
        Upstream derivative.
    cache : tuple
        ``(x, W)`` as `embedding_forward` left it.

    Returns
    -------
    dW : (V, D) array
        Whatever arrives at a word adds up, at all its places in all trigrams.
    """
    x, W = cache
    # TODO: compute dW. A word may stand in x many times: dW[x - 1] += ... would count it once.
    ### BEGIN SOLUTION
    dW = np.zeros(W.shape, dtype=dout.dtype)
    np.add.at(dW, x - 1, dout.reshape(*x.shape, -1))
    ### END SOLUTION
    return dW


def sigmoid_forward(x):
    """Layer of sigmoid units, forward pass: ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    out : array shaped like x
        From 0 to 1; no number is too large or too small for it.
    cache : array
        ``out``.
    """
    # TODO: compute out such that nothing overflows, for entries of either sign.
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(x))  # between 0 and 1
    out = np.where(x >= 0, 1, small) / (1 + small)
    ### END SOLUTION
    cache = out
    return out, cache


def sigmoid_backward(dout, cache):
    """Layer of sigmoid units, backward pass.

    Parameters
    ----------
    dout : array
        Upstream derivative.
    cache : array
        The output of `sigmoid_forward`.

    Returns
    -------
    dx : array shaped like dout
    """
    out = cache
    # TODO: compute dx.
    ### BEGIN SOLUTION
    dx = dout * out * (1 - out)
    ### END SOLUTION
    return dx


def softmax(scores):
    """Probabilities of the words, for each input.

    Parameters
    ----------
    scores : (N, V) array

    Returns
    -------
    probabilities : (N, V) array
        Each row adds up to 1.
    """
    # TODO: compute the probabilities such that nothing overflows.
    ### BEGIN SOLUTION
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    ### END SOLUTION
    return probabilities


def cross_entropy(scores, d):
    """Cross entropy of softmax probabilities with the words that were to be predicted.

    Parameters
    ----------
    scores : (N, V) array
        Before the softmax.
    d : (N,) array of integers
        Numbers of the correct words, from 1 to V.

    Returns
    -------
    loss : float
        Mean of ``-log(probability of the correct word)``, natural logarithm.
    dscores : (N, V) array
        Derivative of the loss with respect to the scores.
    """
    # TODO: compute the loss without taking the logarithm of a probability that may have been
    # rounded to zero, and its derivative.
    ### BEGIN SOLUTION
    correct = (np.arange(len(d)), d - 1)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    loss = np.mean(log_sums - shifted[correct])
    dscores = softmax(scores)
    dscores[correct] -= 1
    dscores /= len(d)
    ### END SOLUTION
    return loss, dscores


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

    def __init__(self, num_words=250, wordvec_dim=16, hidden_dim=128, weight_scale=0.01, dtype=np.float32, seed=None):
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


def train_epoch(model, x, d, order, velocity, learning_rate=0.15, momentum=0.85, batch_size=200):
    """One pass over the training data in minibatches, by gradient descent with momentum.

    Each parameter has a velocity, a running sum of its steps: ``momentum`` times the velocity
    before, minus ``learning_rate`` times the gradient (no factor of ``1 - momentum``). The
    parameter moves by it.

    Parameters
    ----------
    model : TrigramModel
        Its ``params`` are changed, or replaced.
    x, d : (N, 3) and (N,) arrays of integers
        Trigrams and their fourth words.
    order : (N,) array of integers
        The order in which to take the inputs: the first minibatch is ``order[:batch_size]``.
    velocity : dict of arrays
        By name of the parameter; a name that is missing stands for zero. Changed, and passed in
        again in the next epoch: the sums go on running.
    learning_rate, momentum : float
    batch_size : int
        The last minibatch holds what is left, which may be less.

    Returns
    -------
    loss : float
        Mean loss over all N inputs, each measured when its minibatch was taken.
    """
    total = 0.0
    # TODO: take the minibatches in turn, make a step for each, and add up in total the losses of
    # all inputs.
    ### BEGIN SOLUTION
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        loss, grads = model.loss(x[batch], d[batch])
        total += float(loss) * len(batch)
        for name, gradient in grads.items():
            velocity[name] = momentum * velocity.get(name, 0.0) - learning_rate * gradient
            model.params[name] += velocity[name]
    ### END SOLUTION
    return total / len(order)


class EarlyStopping:
    """Watches the validation loss, says when to stop, and brings the best parameters back.

    Parameters
    ----------
    model : object
        With ``params``, a dict of arrays, which training changes or replaces.
    patience : int
        How many epochs in a row may bring no new lowest loss before it says to stop.

    Attributes
    ----------
    best_loss : float
        The lowest loss so far; infinity before the first.
    best_params : dict of arrays or None
        The parameters that had it.
    """

    def __init__(self, model, patience=3):
        self.model = model
        self.patience = patience
        self.best_loss = np.inf
        self.best_params = None
        self.waited = 0

    def update(self, val_loss):
        """Take note of the model's validation loss after an epoch.

        Parameters
        ----------
        val_loss : float
            Only a loss below `best_loss` counts as better.

        Returns
        -------
        stop : bool
            True if the last `patience` epochs, this one included, were not better.
        """
        # TODO: keep the loss and the parameters if they are the best so far. Training goes on to
        # change the arrays in model.params, in place perhaps.
        ### BEGIN SOLUTION
        if val_loss < self.best_loss:
            self.best_loss = val_loss
            self.best_params = {name: value.copy() for name, value in self.model.params.items()}
            self.waited = 0
        else:
            self.waited += 1
        stop = self.waited >= self.patience
        ### END SOLUTION
        return stop

    def restore(self):
        """Give the model the best parameters back; without any so far, leave it as it is."""
        # TODO: put the best parameters into self.model.params. What is kept here must stay as it
        # is, even if training goes on afterwards.
        ### BEGIN SOLUTION
        if self.best_params is not None:
            self.model.params = {name: value.copy() for name, value in self.best_params.items()}
        ### END SOLUTION


def top_words(model, x, words, count=10):
    """The most likely fourth words of each trigram, the likeliest first.

    Parameters
    ----------
    model : TrigramModel
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


def train_language_model(model, data, num_epochs=50, patience=3, seed=0, **settings):
    """Train until the validation loss falls no more, and leave the best parameters in the model.

    Interrupting (Kernel > Interrupt, or Ctrl-C) ends the training early, with the best
    parameters so far.

    Parameters
    ----------
    model : TrigramModel
    data : dict
        ``x_train``, ``d_train``, ``x_val``, ``d_val``.
    num_epochs : int
        The most there may be.
    patience : int
        Of `EarlyStopping`.
    seed : int
        Of the random orders.
    **settings
        Of `train_epoch`: learning_rate, momentum, batch_size.

    Returns
    -------
    dict of lists
        ``train_loss``, ``val_loss``, ``val_accuracy``: one number for each epoch.
    """
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    rng = np.random.default_rng(seed)
    stopping = EarlyStopping(model, patience)
    velocity = {}
    looks = {"desc": "training", "unit": "epoch", "file": sys.stdout, "ncols": 80, "mininterval": 1}
    with tqdm(range(num_epochs), **looks) as epochs:
        try:
            for _ in epochs:
                order = rng.permutation(len(data["x_train"]))
                train_loss = train_epoch(model, data["x_train"], data["d_train"], order, velocity, **settings)
                val_loss, val_accuracy = evaluate(model, data["x_val"], data["d_val"])
                history["train_loss"].append(train_loss)
                history["val_loss"].append(val_loss)
                history["val_accuracy"].append(val_accuracy)
                epochs.set_postfix(val_loss=f"{val_loss:.3f}", refresh=False)
                if stopping.update(val_loss):
                    break
        except KeyboardInterrupt:
            tqdm.write(
                f"Training interrupted in epoch {len(history['val_loss']) + 1}; the best parameters so far are kept.",
                file=sys.stdout,
            )
        finally:
            stopping.restore()
    return history
