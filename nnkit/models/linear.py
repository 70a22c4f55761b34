# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""Linear classifiers: one matrix from inputs to class scores, trained with whatever loss a subclass defines."""

import numpy as np

from nnkit.linear_losses import svm_loss_vectorized


class LinearClassifier:
    """Class scores ``X @ W``, trained by stochastic gradient descent.

    A subclass defines the loss; training and prediction are the same for all.

    Attributes
    ----------
    W : (D, C) array
        Weights; None before the training.
    """

    def __init__(self):
        self.W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        """Train by stochastic gradient descent, from the weights there are.

        Parameters
        ----------
        X : (N, D) array
            Training inputs, one row each.
        y : (N,) array of integers
            Labels, from 0 to C - 1.
        learning_rate : float
        reg : float
            Strength of the regularisation, handed on to the loss.
        num_iters : int
            Count of steps.
        batch_size : int
            Inputs per step.
        verbose : bool
            Show the progress.

        Returns
        -------
        list of float
            The loss of each step's minibatch.
        """
        # Imported here: the class needs nothing of its surroundings but NumPy.
        import sys

        from tqdm import tqdm

        if self.W is None:
            self.W = 0.001 * np.random.randn(X.shape[1], np.max(y) + 1)
        loss_history = []
        steps = tqdm(range(num_iters), desc="training", disable=not verbose, file=sys.stdout, ncols=80)
        for _ in steps:
            # TODO: draw batch_size inputs at random, with replacement (np.random.choice), as
            # X_batch and, with the labels that belong to them, y_batch.
            ### BEGIN SOLUTION
            chosen = np.random.choice(len(X), batch_size)
            X_batch, y_batch = X[chosen], y[chosen]
            ### END SOLUTION
            loss, gradient = self.loss(X_batch, y_batch, reg)
            loss_history.append(float(loss))
            # TODO: take a step downhill.
            ### BEGIN SOLUTION
            self.W = self.W - learning_rate * gradient
            ### END SOLUTION
            steps.set_postfix(loss=f"{loss:.3f}", refresh=False)
        return loss_history

    def predict(self, X):
        """Predict the class of each input: the one with the highest score.

        Parameters
        ----------
        X : (N, D) array

        Returns
        -------
        (N,) array of integers
            Of equally high scores, the smaller class.
        """
        # TODO: find the class with the highest score for each row of X.
        ### BEGIN SOLUTION
        y_pred = np.argmax(X @ self.W, axis=1)
        ### END SOLUTION
        return y_pred

    def loss(self, X_batch, y_batch, reg):
        """Loss of a minibatch and its gradient with respect to W: defined by each subclass.

        Parameters
        ----------
        X_batch : (N, D) array
        y_batch : (N,) array of integers
        reg : float

        Returns
        -------
        loss : float
        dW : (D, C) array
        """
        raise TypeError(f"{type(self).__name__} has no loss: only subclasses that define one can be trained")


class Bowl(LinearClassifier):
    """A loss to try the training on: ``sum(W**2) / 2``, with W itself as its gradient.

    It asks neither for the inputs nor for reg; it notes them.

    Attributes
    ----------
    batches, labels, regs : lists
        ``X_batch``, ``y_batch`` and ``reg`` of every step so far.
    """

    def __init__(self):
        super().__init__()
        self.batches, self.labels, self.regs = [], [], []

    def loss(self, X_batch, y_batch, reg):
        self.batches.append(X_batch.copy())
        self.labels.append(y_batch.copy())
        self.regs.append(reg)
        return np.sum(self.W**2) / 2, self.W.copy()


class LinearSVM(LinearClassifier):
    """A linear classifier with the multiclass support vector machine loss."""

    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)
