"""Training of a captioning model by stochastic gradient descent on minibatches of captions."""

import sys

import numpy as np
from tqdm import tqdm

from nnkit import optim
from nnkit.data.coco_captions import sample_coco_minibatch


class CaptioningSolver:
    """Trains a captioning model.

    A model has ``params``, a dict of arrays, and ``loss(features, captions)``, which returns the loss and a dict of
    gradients with the keys of ``params``.

    Parameters
    ----------
    model : object
    data : dict
        As `nnkit.data.coco_captions.load_coco_data` gives it.
    update_rule : str or function
        The name of a rule in `nnkit.optim`, or a function with the same signature.
    optim_config : dict
        Settings of the update rule, such as ``learning_rate``. Every parameter gets a copy of its own.
    lr_decay : float
        The learning rate is multiplied by it after every epoch.
    batch_size : int
        Captions per step, drawn with replacement from NumPy's global generator.
    num_epochs : int
        An epoch is ``len(train_captions) // batch_size`` steps, at least one.
    num_val_samples : int
        After every epoch the loss is measured on so many of the first validation captions; 0 measures nothing.
    print_every : int
        Print the training loss every so many steps.
    verbose : bool
        Show a progress bar and print losses.

    Attributes
    ----------
    loss_history : list of float
        Minibatch loss of every step.
    val_loss_history : list of float
        Loss on the validation captions after every epoch.
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
        num_val_samples=0,
        print_every=10,
        verbose=True,
    ):
        if not callable(update_rule) and not hasattr(optim, update_rule):
            raise ValueError(f"update_rule {update_rule!r} is not in nnkit.optim")
        self.model = model
        self.data = data
        self.update_rule = update_rule if callable(update_rule) else getattr(optim, update_rule)
        self.lr_decay = lr_decay
        self.batch_size = batch_size
        self.num_epochs = num_epochs
        self.num_val_samples = num_val_samples
        self.print_every = print_every
        self.verbose = verbose

        self.optim_configs = {name: dict(optim_config) for name in model.params}
        self.epoch = 0
        self.loss_history = []
        self.val_loss_history = []

    def train(self):
        """Train for ``num_epochs`` epochs, from the parameters there are.

        Interrupting (Kernel > Interrupt, or Ctrl-C) ends the training early: the model keeps what it has learnt, and
        calling `train` again goes on from there.
        """
        steps_per_epoch = max(len(self.data["train_captions"]) // self.batch_size, 1)
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
                    if (step + 1) % steps_per_epoch == 0:
                        self._end_epoch()
            except KeyboardInterrupt:
                tqdm.write(
                    f"Training interrupted in step {step + 1} of {steps}; the model keeps what it has learnt.",
                    file=sys.stdout,
                )

    def _step(self):
        captions, features, _ = sample_coco_minibatch(self.data, batch_size=self.batch_size, split="train")
        loss, grads = self.model.loss(features, captions)
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
            raise ValueError(f"loss(features, captions) returned no gradient of {name}")
        if np.shape(grads[name]) != np.shape(w):
            raise ValueError(f"the gradient of {name} has shape {np.shape(grads[name])}, {name} has {np.shape(w)}")

    def _end_epoch(self):
        self.epoch += 1
        for config in self.optim_configs.values():
            config["learning_rate"] *= self.lr_decay
        if self.num_val_samples:
            captions = self.data["val_captions"][: self.num_val_samples]
            features = self.data["val_features"][self.data["val_image_idxs"][: self.num_val_samples]]
            self.val_loss_history.append(float(self.model.loss(features, captions)[0]))
            self._say(f"(Epoch {self.epoch} / {self.num_epochs}) val loss: {self.val_loss_history[-1]:f}")

    def _say(self, line):
        if self.verbose:
            tqdm.write(line, file=sys.stdout)
