"""Training of a classifier by stochastic gradient descent on minibatches."""

import numpy as np

from nnkit.training import Training


class Solver(Training):
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
    optim_config : dict or None
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
        optim_config=None,
        lr_decay=1.0,
        batch_size=100,
        num_epochs=10,
        num_train_samples=1000,
        num_val_samples=None,
        checkpoint_name=None,
        print_every=10,
        verbose=True,
    ):
        super().__init__(
            model,
            len(data["X_train"]),
            update_rule,
            optim_config,
            lr_decay=lr_decay,
            batch_size=batch_size,
            num_epochs=num_epochs,
            print_every=print_every,
            verbose=verbose,
        )
        self.X_train, self.y_train = data["X_train"], data["y_train"]
        self.X_val, self.y_val = data["X_val"], data["y_val"]
        self.num_train_samples = num_train_samples
        self.num_val_samples = num_val_samples
        self.checkpoint_name = checkpoint_name

        self.best_val_acc = 0
        self.best_params = {}
        self.train_acc_history = []
        self.val_acc_history = []

    def train(self):
        """Train for ``num_epochs`` epochs, then put the best parameters into the model.

        Raises
        ------
        KeyboardInterrupt
            When it is interrupted (Kernel > Interrupt, or Ctrl-C); the model then has the best parameters so far.
        """
        try:
            self.run()
        finally:
            if self.best_params:
                self.model.params = _copied(self.best_params)

    def minibatch(self):
        chosen = np.random.choice(len(self.X_train), self.batch_size)
        return self.X_train[chosen], self.y_train[chosen]

    def step_done(self, step, epoch_ends):
        if step == 0 or epoch_ends:
            self._measure()
        if epoch_ends and self.checkpoint_name is not None:
            self._save_checkpoint()

    def interrupted(self, steps):
        kept = f"the best parameters so far are kept (validation accuracy {self.best_val_acc:.3f})"
        return f"Training interrupted after {len(self.loss_history)} of {steps} steps; {kept}."

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

    def _measure(self):
        train_acc = self.check_accuracy(self.X_train, self.y_train, num_samples=self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, num_samples=self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        self.say(f"(Epoch {self.epoch} / {self.num_epochs}) train acc: {train_acc:f}; val_acc: {val_acc:f}")
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


def _copied(params):
    return {name: w.copy() for name, w in params.items()}
