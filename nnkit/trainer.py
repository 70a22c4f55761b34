"""Training of a classifier that is a function and a dict of parameters, by three kinds of gradient descent."""

import numpy as np


class ClassifierTrainer:
    """Trains the parameters of a classifier, and keeps those that do best on the validation data.

    Attributes
    ----------
    best_model : dict of arrays
        A copy of the parameters that did best so far; there also after an interrupt.
    step_cache : dict of arrays
        What an update remembers of each parameter from one step to the next, under the
        parameter's name. Every training begins without memories.
    """

    def __init__(self):
        self.best_model = {}
        self.step_cache = {}

    def train(
        self,
        X,
        y,
        X_val,
        y_val,
        model,
        loss_function,
        reg=0.0,
        learning_rate=1e-2,
        momentum=0,
        learning_rate_decay=0.95,
        update="momentum",
        sample_batches=True,
        num_epochs=30,
        batch_size=100,
        acc_frequency=None,
        verbose=False,
    ):
        """Train a model.

        Parameters
        ----------
        X, X_val : (N, D) and (N_val, D) arrays
            Training and validation inputs.
        y, y_val : (N,) and (N_val,) arrays of integers
            Their labels.
        model : dict of arrays
            Where to start from. After the training it holds the parameters of the last step.
        loss_function : function
            ``loss_function(X, model)`` gives scores, (N, C); ``loss_function(X, model, y, reg)``
            gives the loss and a dict of gradients with the keys of ``model``.
        reg : float
            Handed on to the loss function.
        learning_rate : float
        momentum : float
            Share of its speed that a parameter keeps; only for ``update="momentum"``.
        learning_rate_decay : float
            The learning rate is multiplied by it after every epoch.
        update : {"sgd", "momentum", "rmsprop"}
            How a gradient becomes a step, see `step`.
        sample_batches : bool
            Take each step on a minibatch, drawn with np.random.choice (with replacement);
            otherwise on all the training data, and an epoch is one step.
        num_epochs : int
            With minibatches an epoch is ``N // batch_size`` steps.
        batch_size : int
        acc_frequency : int, optional
            Measure the accuracies at every so many steps, too: at the steps 0, acc_frequency,
            2 * acc_frequency, ...
        verbose : bool
            Show the progress, then the last loss and the best validation accuracy.

        Returns
        -------
        best_model : dict of arrays
            A copy of the parameters with the best validation accuracy that was measured (of
            equally good ones, the first).
        loss_history : list of float
            The loss at every step, before the step was taken.
        train_acc_history, val_acc_history : lists of float
            Accuracies after the first step, after every epoch and as acc_frequency says. On more
            than 1000 training inputs, the former is that of 1000 drawn at random.

        Raises
        ------
        ValueError
            If there is no update of that name.
        """
        # Imported here: the class needs nothing of its surroundings but NumPy.
        import sys

        from tqdm import tqdm

        self.step_cache = {}
        steps_per_epoch = max(len(X) // batch_size, 1) if sample_batches else 1
        self.best_model, best_val_acc = {}, -1.0
        loss_history, train_acc_history, val_acc_history = [], [], []
        total = num_epochs * steps_per_epoch
        looks = {"desc": "training", "file": sys.stdout, "ncols": 80, "mininterval": 1}
        for it in tqdm(range(total), disable=not verbose, **looks):
            chosen = np.random.choice(len(X), batch_size) if sample_batches else slice(None)
            loss, grads = loss_function(X[chosen], model, y[chosen], reg)
            loss_history.append(float(loss))
            for name in model:
                model[name] = model[name] + self.step(name, grads[name], update, learning_rate, momentum)

            epoch_ends = (it + 1) % steps_per_epoch == 0
            if epoch_ends:
                learning_rate *= learning_rate_decay
            if it == 0 or epoch_ends or (acc_frequency is not None and it % acc_frequency == 0):
                seen = np.random.choice(len(X), 1000) if len(X) > 1000 else slice(None)
                train_acc_history.append(self.accuracy(X[seen], y[seen], model, loss_function))
                val_acc_history.append(self.accuracy(X_val, y_val, model, loss_function))
                if val_acc_history[-1] > best_val_acc:
                    best_val_acc = val_acc_history[-1]
                    self.best_model = {name: array.copy() for name, array in model.items()}
        if verbose:
            print(f"last loss {loss_history[-1]:.4f}, best validation accuracy {best_val_acc:.3f}")
        return self.best_model, loss_history, train_acc_history, val_acc_history

    def step(self, name, gradient, update, learning_rate, momentum):
        """Compute the step of one parameter, which is then added to it.

        Parameters
        ----------
        name : str
            Which parameter: its key in ``self.step_cache``.
        gradient : array
            Gradient of the loss with respect to the parameter.
        update : {"sgd", "momentum", "rmsprop"}
            ``"sgd"``: the gradient times minus the learning rate.
            ``"momentum"``: that is added to what is left of the velocity, and the step is the new
            velocity, ``v = momentum * v - learning_rate * gradient``.
            ``"rmsprop"``: with a running mean of the squared gradient, ``s = 0.99 * s + 0.01 *
            gradient**2``, the step is ``-learning_rate * gradient / sqrt(s + 1e-8)``. The 1e-8
            stands inside the root here; in the optimisers of `nnkit.optim` it stands outside.
            Velocity and running mean are zero before the first step.
        learning_rate, momentum : float

        Returns
        -------
        array shaped like gradient
        """
        if update == "sgd":
            step = -learning_rate * gradient
        elif update == "momentum":
            # TODO: compute the step, and leave in self.step_cache what the next one will need.
            # Mind that it has no entry under the name before the first step.
            ### BEGIN SOLUTION
            velocity = self.step_cache.get(name, np.zeros_like(gradient))
            step = momentum * velocity - learning_rate * gradient
            self.step_cache[name] = step
            ### END SOLUTION
        elif update == "rmsprop":
            decay_rate, epsilon = 0.99, 1e-8
            # TODO: compute the step, and leave in self.step_cache what the next one will need.
            ### BEGIN SOLUTION
            mean_square = self.step_cache.get(name, np.zeros_like(gradient))
            mean_square = decay_rate * mean_square + (1 - decay_rate) * gradient**2
            self.step_cache[name] = mean_square
            step = -learning_rate * gradient / np.sqrt(mean_square + epsilon)
            ### END SOLUTION
        else:
            raise ValueError(f'update is {update!r}, expected "sgd", "momentum" or "rmsprop"')
        return step

    def accuracy(self, X, y, model, loss_function):
        """Share of inputs whose highest score is that of their label."""
        return float(np.mean(np.argmax(loss_function(X, model), axis=1) == y))


class Valley:
    """A loss function to try a trainer on: it depends on the parameters only.

    ``loss = 0.5 * sum over the names of steepness[name] * sum(model[name]**2)``, so the gradient
    of a parameter is ``steepness[name] * model[name]``. Without labels it gives the scores of two
    classes: the second one wins where the first number of an input is larger than the loss. It
    notes what it is given.

    Parameters
    ----------
    steepness : dict of float
        By name of the parameter.

    Attributes
    ----------
    models : list of dicts
        The parameters at every step, before the step was taken.
    batches, labels, regs : lists
        ``X``, ``y`` and ``reg`` of every step.
    scored : list of arrays
        ``X`` of every call without labels.
    """

    def __init__(self, steepness):
        self.steepness = steepness
        self.models, self.batches, self.labels, self.regs, self.scored = [], [], [], [], []

    def __call__(self, X, model, y=None, reg=0.0):
        gradients = {name: self.steepness[name] * array for name, array in model.items()}
        loss = sum(0.5 * np.sum(gradients[name] * array) for name, array in model.items())
        if y is None:
            self.scored.append(X.copy())
            return np.stack([np.full(len(X), loss), X[:, 0]], axis=1)
        self.models.append({name: array.copy() for name, array in model.items()})
        self.batches.append(X.copy())
        self.labels.append(y.copy())
        self.regs.append(reg)
        return loss, gradients
