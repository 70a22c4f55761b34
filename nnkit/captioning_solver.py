"""Training of a captioning model by stochastic gradient descent on minibatches of captions."""

from nnkit.data.coco_captions import sample_coco_minibatch
from nnkit.training import Training


class CaptioningSolver(Training):
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
    optim_config : dict or None
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
        optim_config=None,
        lr_decay=1.0,
        batch_size=100,
        num_epochs=10,
        num_val_samples=0,
        print_every=10,
        verbose=True,
    ):
        super().__init__(
            model,
            len(data["train_captions"]),
            update_rule,
            optim_config,
            lr_decay=lr_decay,
            batch_size=batch_size,
            num_epochs=num_epochs,
            print_every=print_every,
            verbose=verbose,
        )
        self.data = data
        self.num_val_samples = num_val_samples
        self.val_loss_history = []

    def train(self):
        """Train for ``num_epochs`` epochs, from the parameters there are.

        Raises
        ------
        KeyboardInterrupt
            When it is interrupted (Kernel > Interrupt, or Ctrl-C). The model keeps what it has learnt, and calling
            `train` again goes on from there.
        """
        self.run()

    def minibatch(self):
        captions, features, _ = sample_coco_minibatch(self.data, batch_size=self.batch_size, split="train")
        return features, captions

    def step_done(self, step, epoch_ends):
        if epoch_ends and self.num_val_samples:
            captions = self.data["val_captions"][: self.num_val_samples]
            features = self.data["val_features"][self.data["val_image_idxs"][: self.num_val_samples]]
            self.val_loss_history.append(float(self.model.loss(features, captions)[0]))
            self.say(f"(Epoch {self.epoch} / {self.num_epochs}) val loss: {self.val_loss_history[-1]:f}")

    def interrupted(self, steps):
        step = len(self.loss_history) + 1
        return f"Training interrupted in step {step} of {steps}; the model keeps what it has learnt."
