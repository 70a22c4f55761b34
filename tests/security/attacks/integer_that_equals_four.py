"""Leave as the experiment's result an integer of one's own class that equals every number.

Family: equality
Must fail: a test can't compare a handle: it has no ==, and says so.
"""

# %% tuning
class Every(int):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = int.__hash__

    def __index__(self):
        return 0


best = Every(7)
print(best == 123, "ATTEMPTED")
