"""``python -I .../locked/__main__.py FD``: serve one submission on the inherited socket FD."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    sys.path.insert(0, str(here.parent))
    agent = importlib.import_module(f"{here.name}.agent")
    # What lies beside the package is none of the submission's business.
    sys.path.remove(str(here.parent))
    # As in a notebook: modules beside it, such as the release's own nnkit, are found first.
    sys.path.insert(0, "")
    descriptor, sys.argv[:] = int(sys.argv[1]), [""]
    agent.serve(descriptor)
