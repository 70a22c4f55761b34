"""What the trainings by stochastic gradient descent have in common: steps, epochs, a bar, and an orderly interrupt."""

import sys

import numpy as np
from tqdm import tqdm

from nnkit import optim


class Training:
    """Takes the steps of a training; what it is trained on, and what is measured, is a subclass's.

    A model has ``params``, a dict of arrays, and ``loss``, which returns the loss of a minibatch and a dict of
    gradients with the keys of ``params``.

    Parameters
    ----------
    model : object
    num_inputs : int
        How many inputs there are to train on. An epoch is ``num_inputs // batch_size`` steps, at least one.
    update_rule : str or function
        The name of a rule in `nnkit.optim`, or a function with the same signature.
    optim_config : dict or None
        Settings of the update rule, such as ``learning_rate``. Every parameter gets a copy of its own.
    lr_decay : float
        The learning rate is multiplied by it after every epoch.
    batch_size, num_epochs : int
    print_every : int
        Print the training loss every so many steps.
    verbose : bool
        Show a progress bar and print losses.

    Attributes
    ----------
    loss_history : list of float
        Minibatch loss of every step.
    epoch : int
        Epochs completed.
    """

    def __init__(
        self, model, num_inputs, update_rule, optim_config, *, lr_decay, batch_size, num_epochs, print_every, verbose
    ):
        if not callable(update_rule) and not hasattr(optim, update_rule):
            mend = f"if you have written it, hand over the function itself, update_rule={update_rule}"
            raise ValueError(f"update_rule {update_rule!r} is not in nnkit.optim: {mend}")
        self.model = model
        self.update_rule = update_rule if callable(update_rule) else getattr(optim, update_rule)
        self.lr_decay = lr_decay
        self.batch_size = batch_size
        self.num_epochs = num_epochs
        self.print_every = print_every
        self.verbose = verbose

        self.optim_configs = {name: dict(optim_config or {}) for name in model.params}
        self.epoch = 0
        self.loss_history = []
        self._steps_per_epoch = max(num_inputs // batch_size, 1)

    def minibatch(self):
        """The arguments of ``model.loss`` for one step, drawn at random."""
        raise NotImplementedError

    def step_done(self, step, epoch_ends):
        """Called after every step, numbered from 0, with the new parameters in the model."""

    def interrupted(self, steps):
        """What to say when the training is interrupted, of so many steps."""
        return f"Training interrupted after {len(self.loss_history)} of {steps} steps."

    def run(self):
        """Train for ``num_epochs`` epochs.

        Raises
        ------
        KeyboardInterrupt
            As it comes (Kernel > Interrupt, or Ctrl-C): who trains in a loop wants the whole loop to end. Before, it
            is said what is kept.
        """
        steps = self.num_epochs * self._steps_per_epoch
        # The bar goes to stdout: nbgrader takes anything on stderr for an error. A redraw every second keeps the text
        # of a saved notebook short.
        looks = {"desc": "training", "unit": "step", "file": sys.stdout, "ncols": 80, "mininterval": 1}
        with tqdm(total=steps, disable=not self.verbose, **looks) as bar:
            try:
                for step in range(steps):
                    self._step()
                    bar.update()
                    if step % self.print_every == 0:
                        self.say(f"(Iteration {step + 1} / {steps}) loss: {self.loss_history[-1]:f}")
                    epoch_ends = (step + 1) % self._steps_per_epoch == 0
                    if epoch_ends:
                        self.epoch += 1
                        self._decay_learning_rates()
                    self.step_done(step, epoch_ends)
            except KeyboardInterrupt:
                tqdm.write(self.interrupted(steps), file=sys.stdout)
                raise

    def say(self, line):
        """Print a line above the bar."""
        if self.verbose:
            tqdm.write(line, file=sys.stdout)

    def _step(self):
        loss, grads = self.model.loss(*self.minibatch())
        updated = {}
        for name, w in self.model.params.items():
            self._check_gradient(name, w, grads)
            updated[name], self.optim_configs[name] = self.update_rule(w, grads[name], self.optim_configs[name])
        # All at once, so that an interrupt leaves no model of which half the parameters are a step ahead.
        self.model.params.update(updated)
        self.loss_history.append(float(loss))

    def _check_gradient(self, name, w, grads):
        # Broadcasting would hide the mistake for a while, or report it where it was not made.
        if name not in grads:
            raise ValueError(f"model.loss returned no gradient of {name} (it returned {', '.join(grads) or 'none'})")
        if np.shape(grads[name]) != np.shape(w):
            raise ValueError(f"the gradient of {name} has shape {np.shape(grads[name])}, {name} has {np.shape(w)}")

    def _decay_learning_rates(self):
        for config in self.optim_configs.values():
            config["learning_rate"] *= self.lr_decay
