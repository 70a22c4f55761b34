"""Make nnkit/data/textures.h5: two grey photographs, a brick wall and grass, 512 by 512 pixels.

Both are in the public domain (Creative Commons CC0) and come with scikit-image, which need not be installed:

    pip download --no-deps scikit-image
    unzip scikit_image-*.whl -d extracted
    python scripts/textures.py extracted/skimage/data

The grey values are rounded to 64 levels, which nobody sees and which compresses to two thirds.
"""

import argparse
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

TARGET = Path(__file__).parents[1] / "nnkit" / "data" / "textures.h5"
PHOTOGRAPHS = {
    "brick": "https://cc0textures.com/view.php?tex=Bricks25",
    "grass": "https://www.deviantart.com/linolafett/art/Grass-01-434853879",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="scikit-image's data folder, with brick.png and grass.png")
    folder = parser.parse_args().folder
    with h5py.File(TARGET, "w") as file:
        file.attrs["title"] = "A brick wall and grass, grey photographs"
        file.attrs["source"] = "skimage.data.brick and skimage.data.grass of scikit-image 0.26"
        file.attrs["licence"] = "Creative Commons CC0 1.0"
        file.attrs["made_by"] = "scripts/textures.py"
        for name, origin in PHOTOGRAPHS.items():
            levels = np.asarray(Image.open(folder / f"{name}.png").convert("L")) // 4 * 4 + 2
            data = file.create_dataset(
                name, data=levels, chunks=levels.shape, compression="gzip", compression_opts=9, track_times=False
            )
            data.attrs["origin"] = origin
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
