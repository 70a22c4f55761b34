"""Files as CIFAR-10 comes in: the batches of its Python version, and of its binary version."""

import pickle
import struct
from typing import Any, ClassVar

import numpy as np


class PythonTwoPickler(pickle._Pickler):
    """Writes what Python 2 wrote: bytes as strings, and NumPy's old module names. The real batches are such pickles."""

    dispatch: ClassVar[Any] = dict(pickle._Pickler.dispatch)

    def save_bytes(self, content):
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(content)

    dispatch[bytes] = save_bytes

    def save_global(self, obj, name=None):
        if getattr(obj, "__name__", None) == "_reconstruct":
            self.write(b"cnumpy.core.multiarray\n_reconstruct\n")
            self.memoize(obj)
        else:
            super().save_global(obj, name)

    dispatch[type(np.empty(0).__reduce__()[0])] = save_global


def write_python_batch(path, pictures, labels):
    with open(path, "wb") as file:
        PythonTwoPickler(file, protocol=2).dump(
            {b"batch_label": b"a batch", b"labels": labels.tolist(), b"data": pictures, b"filenames": [b"a.png"]}
        )


def write_binary_batch(path, pictures, labels):
    np.concatenate([labels.astype(np.uint8)[:, np.newaxis], pictures], axis=1).tofile(path)


FORMATS = {
    "cifar-10-batches-py": (write_python_batch, ""),
    "cifar-10-batches-bin": (write_binary_batch, ".bin"),
}


def write_folder(parent, format_name, batches):
    """A folder of batches in one of FORMATS; `batches` maps the name of each to pictures (N, 3072) and labels (N,)."""
    write, ending = FORMATS[format_name]
    (parent / format_name).mkdir(parents=True)
    for name, (pictures, labels) in batches.items():
        write(parent / format_name / f"{name}{ending}", pictures, labels)
    return parent / format_name
