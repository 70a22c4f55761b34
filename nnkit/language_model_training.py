# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""Training of a language model by gradient descent with momentum, until the validation loss falls no more."""

import sys

import numpy as np
from tqdm import tqdm

from nnkit.models.trigram import evaluate


def train_epoch(model, x, d, order, velocity, learning_rate=0.15, momentum=0.85, batch_size=200):
    """One pass over the training data in minibatches, by gradient descent with momentum.

    Each parameter has a velocity, a running sum of its steps: ``momentum`` times the velocity
    before, minus ``learning_rate`` times the gradient (no factor of ``1 - momentum``). The
    parameter moves by it.

    Parameters
    ----------
    model : TrigramModel, or another one with ``params`` and ``loss(x, d)``
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


def train_language_model(model, data, num_epochs=50, patience=3, seed=0, **settings):
    """Train until the validation loss falls no more, and leave the best parameters in the model.

    Interrupting (Kernel > Interrupt, or Ctrl-C) leaves the best parameters so far, too, and goes
    on to whoever called.

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
                    epochs.n = len(history["val_loss"])  # the bar counts an epoch when the next one begins
                    break
        except KeyboardInterrupt:
            epoch = len(history["val_loss"]) + 1
            said = f"Training interrupted in epoch {epoch}; the best parameters so far are kept."
            tqdm.write(said, file=sys.stdout)
            raise
        finally:
            stopping.restore()
    return history
