"""A linear classifier with the softmax loss, trained on minibatches that are parts of the shuffled inputs."""

import numpy as np

from nnkit.linear_losses import softmax_loss_vectorized


class Softmax:
    """Class scores ``X @ W``, trained epoch by epoch on shuffled inputs to lower the softmax loss.

    Attributes
    ----------
    W : (D, C) array
        Weights; None before the training.
    """

    def __init__(self):
        self.W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        """Train for num_iters steps, from the weights there are; return the loss of each step.

        Minibatches are consecutive parts of the inputs in random order. When too few are left
        for another one, a new order is drawn.
        """
        # Imported here: the class needs nothing of its surroundings but NumPy and the loss.
        import sys

        from tqdm import tqdm

        if self.W is None:
            self.W = 0.001 * np.random.randn(X.shape[1], np.max(y) + 1)
        loss_history = []
        waiting = []
        steps = tqdm(range(num_iters), desc="training", disable=not verbose, file=sys.stdout, ncols=80)
        for _ in steps:
            if len(waiting) < batch_size:
                waiting = np.random.permutation(len(X))
            batch, waiting = waiting[:batch_size], waiting[batch_size:]
            loss, dW = softmax_loss_vectorized(self.W, X[batch], y[batch], reg)
            self.W -= learning_rate * dW
            loss_history.append(float(loss))
            steps.set_postfix(loss=f"{loss:.3f}", refresh=False)
        return loss_history

    def scores(self, X):
        """The score of every class for each row of X."""
        return X @ self.W

    def accuracy(self, X, y):
        """The share of inputs for which no class has a higher score than their own."""
        scores = self.scores(X)
        return float(np.mean(scores[np.arange(len(X)), y] == scores.max(axis=1)))
