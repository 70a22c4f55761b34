"""``python -I .../locked/__main__.py FD``: serve one submission on the inherited socket FD."""

import importlib.util
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    # By its files: the folder above may be closed (Landlock), and what lies in it is none of the submission's business.
    package = importlib.util.spec_from_file_location(here.name, here / "__init__.py")
    assert package is not None
    assert package.loader is not None
    sys.modules[here.name] = importlib.util.module_from_spec(package)
    package.loader.exec_module(sys.modules[here.name])
    agent = importlib.import_module(f"{here.name}.agent")
    # As in a notebook: modules beside it, such as the release's own nnkit, are found first.
    sys.path.insert(0, "")
    descriptor, sys.argv[:] = int(sys.argv[1]), [""]
    agent.serve(descriptor)
