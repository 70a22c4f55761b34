"""Training of a classifier by stochastic gradient descent on minibatches."""

import sys

import numpy as np
from tqdm import tqdm

from nnkit import optim


class Solver:
    """Trains a model, and keeps the parameters that did best on the validation data.

    A model has ``params``, a dict of arrays, and ``loss(X, y)``, which returns the loss and a dict of gradients with
    the keys of ``params``; ``loss(X)`` returns the class scores, (N, C).

    Parameters
    ----------
    model : object
    data : dict
        ``X_train``, ``y_train``, ``X_val``, ``y_val``; further entries are ignored.
    update_rule : str or function
        The name of a rule in `nnkit.optim`, or a function with the same signature.
    optim_config : dict
        Settings of the update rule, such as ``learning_rate``. Every parameter gets a copy of its own.
    lr_decay : float
        The learning rate is multiplied by it after every epoch.
    batch_size : int
        Minibatches are drawn with replacement from NumPy's global generator.
    num_epochs : int
        An epoch is ``len(X_train) // batch_size`` steps, at least one.
    num_train_samples : int or None
        Training accuracy is measured on so many images drawn anew each time; None measures it on all.
    num_val_samples : int or None
        Likewise for the validation accuracy.
    checkpoint_name : str or None
        After every epoch write ``<checkpoint_name>_epoch_<n>.npz``: parameters and histories, plain arrays.
    print_every : int
        Print the training loss every so many steps.
    verbose : bool
        Show a progress bar and print losses and accuracies.

    Attributes
    ----------
    loss_history : list of float
        Minibatch loss of every step.
    train_acc_history, val_acc_history : list of float
        Accuracy after the first step and after every epoch.
    best_val_acc : float
    best_params : dict of arrays
        The parameters that reached it. `train` leaves a copy of them in the model.
    epoch : int
        Epochs completed.
    """

    def __init__(
        self,
        model,
        data,
        update_rule="sgd",
        optim_config={},  # noqa: B006 -- the field's signature; it is only read
        lr_decay=1.0,
        batch_size=100,
        num_epochs=10,
        num_train_samples=1000,
        num_val_samples=None,
        checkpoint_name=None,
        print_every=10,
        verbose=True,
    ):
        if not callable(update_rule) and not hasattr(optim, update_rule):
            mend = f"if you have written it, hand over the function itself, update_rule={update_rule}"
            raise ValueError(f"update_rule {update_rule!r} is not in nnkit.optim: {mend}")
        self.model = model
        self.X_train, self.y_train = data["X_train"], data["y_train"]
        self.X_val, self.y_val = data["X_val"], data["y_val"]
        self.update_rule = update_rule if callable(update_rule) else getattr(optim, update_rule)
        self.lr_decay = lr_decay
        self.batch_size = batch_size
        self.num_epochs = num_epochs
        self.num_train_samples = num_train_samples
        self.num_val_samples = num_val_samples
        self.checkpoint_name = checkpoint_name
        self.print_every = print_every
        self.verbose = verbose

        self.optim_configs = {name: dict(optim_config) for name in model.params}
        self.epoch = 0
        self.best_val_acc = 0
        self.best_params = {}
        self.loss_history = []
        self.train_acc_history = []
        self.val_acc_history = []

    def train(self):
        """Train for ``num_epochs`` epochs, then put the best parameters into the model.

        Interrupting (Kernel > Interrupt, or Ctrl-C) ends the training early and keeps the best parameters so far.
        """
        steps_per_epoch = max(len(self.X_train) // self.batch_size, 1)
        steps = self.num_epochs * steps_per_epoch
        # The bar goes to stdout: nbgrader takes anything on stderr for an error. A redraw every second keeps the text
        # of a saved notebook short.
        looks = {"desc": "training", "unit": "step", "file": sys.stdout, "ncols": 80, "mininterval": 1}
        with tqdm(total=steps, disable=not self.verbose, **looks) as bar:
            try:
                for step in range(steps):
                    self._step()
                    bar.update()
                    if step % self.print_every == 0:
                        self._say(f"(Iteration {step + 1} / {steps}) loss: {self.loss_history[-1]:f}")
                    epoch_ends = (step + 1) % steps_per_epoch == 0
                    if epoch_ends:
                        self.epoch += 1
                        self._decay_learning_rates()
                    if step == 0 or epoch_ends:
                        self._measure()
                    if epoch_ends and self.checkpoint_name is not None:
                        self._save_checkpoint()
            except KeyboardInterrupt:
                tqdm.write(
                    f"Training interrupted after {len(self.loss_history)} of {steps} steps; the best parameters so far "
                    f"are kept (validation accuracy {self.best_val_acc:.3f}).",
                    file=sys.stdout,
                )
        if self.best_params:
            self.model.params = _copied(self.best_params)

    def check_accuracy(self, X, y, num_samples=None, batch_size=100):
        """Share of inputs whose highest score is that of their label.

        Parameters
        ----------
        X : (N, d_1, ..., d_k) array
        y : (N,) array of integers
        num_samples : int, optional
            Measure on so many inputs, drawn with replacement, if there are more.
        batch_size : int
            Inputs scored at once, which bounds the memory needed.

        Returns
        -------
        float
        """
        if num_samples is not None and len(X) > num_samples:
            chosen = np.random.choice(len(X), num_samples)
            X, y = X[chosen], y[chosen]
        starts = range(0, len(X), batch_size)
        predicted = [np.argmax(self.model.loss(X[start : start + batch_size]), axis=1) for start in starts]
        return float(np.mean(np.concatenate(predicted) == y))

    def _step(self):
        chosen = np.random.choice(len(self.X_train), self.batch_size)
        loss, grads = self.model.loss(self.X_train[chosen], self.y_train[chosen])
        self.loss_history.append(float(loss))
        for name, w in self.model.params.items():
            self._check_gradient(name, w, grads)
            self.model.params[name], self.optim_configs[name] = self.update_rule(
                w, grads[name], self.optim_configs[name]
            )

    def _check_gradient(self, name, w, grads):
        # Broadcasting would hide the mistake for a while, or report it where it was not made.
        if name not in grads:
            raise ValueError(f"loss(X, y) returned no gradient of {name} (it returned {', '.join(grads) or 'none'})")
        if np.shape(grads[name]) != np.shape(w):
            raise ValueError(f"the gradient of {name} has shape {np.shape(grads[name])}, {name} has {np.shape(w)}")

    def _decay_learning_rates(self):
        for config in self.optim_configs.values():
            config["learning_rate"] *= self.lr_decay

    def _measure(self):
        train_acc = self.check_accuracy(self.X_train, self.y_train, num_samples=self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, num_samples=self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        self._say(f"(Epoch {self.epoch} / {self.num_epochs}) train acc: {train_acc:f}; val_acc: {val_acc:f}")
        if val_acc > self.best_val_acc or not self.best_params:
            self.best_val_acc = val_acc
            self.best_params = _copied(self.model.params)

    def _save_checkpoint(self):
        arrays = {f"params/{name}": np.asarray(w) for name, w in self.model.params.items()}
        for name in ("loss_history", "train_acc_history", "val_acc_history", "epoch"):
            arrays[name] = np.asarray(getattr(self, name))
        pickled = [name for name, array in arrays.items() if array.dtype.hasobject]
        if pickled:
            raise TypeError(f"a checkpoint holds plain arrays only, and {', '.join(pickled)} is none")
        np.savez(f"{self.checkpoint_name}_epoch_{self.epoch}.npz", **arrays)

    def _say(self, line):
        if self.verbose:
            tqdm.write(line, file=sys.stdout)


def _copied(params):
    return {name: w.copy() for name, w in params.items()}
