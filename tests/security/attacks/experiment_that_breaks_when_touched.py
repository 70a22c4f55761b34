"""Leave as the experiment's result an object that ends the interpreter whenever it is looked at.

Family: equality
Must fail: nobody looks at it: it stays in the locked process, and an object is no number.
"""

# %% tuning
class Broken:
    def __getattribute__(self, name):
        raise SystemExit

    def __eq__(self, other):
        raise KeyboardInterrupt

    def __repr__(self):
        raise GeneratorExit

    __hash__ = __bool__ = __float__ = __index__ = __len__ = __repr__


best = Broken()
print("ATTEMPTED")
