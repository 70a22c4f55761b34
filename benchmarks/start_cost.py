"""What it costs to start a submission's locked process, warm and cold.

    python benchmarks/start_cost.py [--rounds 3] [--sessions 12] [--tier A] [--cell nothing|imports|figure]

A command opens sessions one after the other and runs a cell in each; its CPU time is the kernel's count for it and
everything below it. What a session costs is the difference between a command with many and one with a single session,
so that neither Python's own start nor that of the fork server is in it; the fork server has a line of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import measuring

CELLS = {
    "nothing": "1",
    "imports": "import numpy as np\nimport matplotlib.pyplot as plt",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
}
PROGRAM = """
import sys
from nnkit.kit.sandbox import Limits, View, Tier
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.locked.process_start import locked
tier, warm, sessions, cell = Tier(sys.argv[1]), sys.argv[2] == "warm", int(sys.argv[3]), sys.argv[4]
for _ in range(sessions):
    with LockedSession(locked(tier, View(), Limits(), warm_start=warm)) as session:
        assert session.run_cell("cell", cell, 60).status == "ok"
"""


def cost(tier: str, way: str, sessions: int, cell: str, folder: Path) -> float:
    """CPU seconds of a command that opens so many sessions."""
    command = [sys.executable, "-c", PROGRAM, tier, way, str(sessions), cell]
    return measuring.cost_of(command, cwd=folder, env=dict(os.environ)).cpu_s


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--tier", default="A")
    parser.add_argument("--cell", choices=CELLS, default="imports")
    options = parser.parse_args(arguments)
    cell = CELLS[options.cell]
    each: dict[str, list[float]] = {"cold": [], "warm": []}
    first: dict[str, list[float]] = {"cold": [], "warm": []}
    with tempfile.TemporaryDirectory(prefix="nnkit-bench-") as name:
        for _ in range(options.rounds):
            for way in each:
                one = cost(options.tier, way, 1, cell, Path(name))
                many = cost(options.tier, way, 1 + options.sessions, cell, Path(name))
                first[way].append(one)
                each[way].append((many - one) / options.sessions)
    print(f"tier {options.tier}, {options.cell}, {options.rounds} rounds: least, median, greatest")
    for way in each:
        print(f"{way}: CPU s for a session {measuring.spread(each[way])}")
        print(f"{way}: CPU s for a command with one session {measuring.spread(first[way])}")
    print(f"bench start_cold_over_warm {measuring.ratio(each['cold'], each['warm'])}")


if __name__ == "__main__":
    main()
