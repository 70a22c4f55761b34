"""The comparisons of `make bench`, and at the end their ratios: one line each, ``bench NAME RATIO LOW HIGH``."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = ("nbgrader_ratio.py", "scaling.py", "convolution.py")


def main() -> None:
    ratios = []
    for script in SCRIPTS:
        print(f"\n{script}", flush=True)
        command = [sys.executable, Path(__file__).with_name(script)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("bench "):
                    ratios.append(line)
                else:
                    print(line, end="", flush=True)
        if process.returncode != 0:
            raise SystemExit(f"{script} failed")
    print("\n" + "".join(ratios), end="")


if __name__ == "__main__":
    main()
