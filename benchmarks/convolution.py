"""Fast convolution and pooling against the loops that students write, and against PyTorch on the CPU, as ratios.

Sizes are those of the notebook convolutional_layers. Everything takes turns within one process that has one thread, and
CPU time is what counts: what else the machine is busy with changes little. PyTorch takes part where it is installed
(``pip install torch``); its results, and those of the loops, are compared with the fast layers' first.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import measuring
import numpy as np

from nnkit import convolution, fast_convolution

try:
    import torch
except ModuleNotFoundError:
    torch = None

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
REPETITIONS = 20
CONV_PARAM = {"stride": 2, "pad": 1}
POOL_PARAM = {"pool_height": 2, "pool_width": 2, "stride": 2}
TOLERANCES = {"float64": 1e-10, "float32": 1e-2}
LEAST_SPEED_UP = {"conv": 300, "pool": 50}

Arrays = list[np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Work:
    """One forward or backward pass in several ways, each ready to be run again and again."""

    name: str
    ways: dict[str, Callable[[], object]]
    arrays: Callable[[str], Arrays]
    """What a way computes."""


def conv_works(dtype: str) -> list[Work]:
    """Convolution: 25 filters of 3x3 on 100 colour images of 31x31."""
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(shape).astype(dtype) for shape in ((100, 3, 31, 31), (25, 3, 3, 3), 25))
    dout = rng.standard_normal((100, 25, 16, 16)).astype(dtype)
    caches: dict[str, Any] = {
        "naive": (x, w, b, CONV_PARAM),
        "fast": fast_convolution.conv_forward_fast(x, w, b, CONV_PARAM)[1],
    }
    forward: dict[str, Callable[[], object]] = {
        "naive": lambda: convolution.conv_forward_naive(x, w, b, CONV_PARAM)[0],
        "fast": lambda: fast_convolution.conv_forward_fast(x, w, b, CONV_PARAM)[0],
    }
    backward: dict[str, Callable[[], object]] = {
        "naive": lambda: convolution.conv_backward_naive(dout, caches["naive"]),
        "fast": lambda: fast_convolution.conv_backward_fast(dout, caches["fast"]),
    }
    if torch is not None:
        leaves, upstream = [torch.tensor(array, requires_grad=True) for array in (x, w, b)], torch.tensor(dout)
        graph = torch.nn.functional.conv2d(*leaves, stride=2, padding=1)
        forward["pytorch"] = without_graph(lambda: torch.nn.functional.conv2d(*leaves, stride=2, padding=1))
        backward["pytorch"] = lambda: torch.autograd.grad(graph, leaves, upstream, retain_graph=True)
    return [work("conv_forward", dtype, forward), work("conv_backward", dtype, backward)]


def pool_works(dtype: str) -> list[Work]:
    """Max pooling: windows of 2x2 that tile 100 colour images of 32x32."""
    rng = np.random.default_rng(0)
    x, dout = (rng.standard_normal(shape).astype(dtype) for shape in ((100, 3, 32, 32), (100, 3, 16, 16)))
    caches: dict[str, Any] = {
        "naive": (x, POOL_PARAM),
        "fast": fast_convolution.max_pool_forward_fast(x, POOL_PARAM)[1],
    }
    forward: dict[str, Callable[[], object]] = {
        "naive": lambda: convolution.max_pool_forward_naive(x, POOL_PARAM)[0],
        "fast": lambda: fast_convolution.max_pool_forward_fast(x, POOL_PARAM)[0],
    }
    backward: dict[str, Callable[[], object]] = {
        "naive": lambda: convolution.max_pool_backward_naive(dout, caches["naive"]),
        "fast": lambda: fast_convolution.max_pool_backward_fast(dout, caches["fast"]),
    }
    if torch is not None:
        leaf, upstream = torch.tensor(x, requires_grad=True), torch.tensor(dout)
        graph = torch.nn.functional.max_pool2d(leaf, 2)
        # With the graph: like the fast layer it then notes where the maxima are.
        forward["pytorch"] = lambda: torch.nn.functional.max_pool2d(leaf, 2)
        backward["pytorch"] = lambda: torch.autograd.grad(graph, leaf, upstream, retain_graph=True)
    return [work("pool_forward", dtype, forward), work("pool_backward", dtype, backward)]


def without_graph(run: Callable[[], object]) -> Callable[[], object]:
    """The run without the bookkeeping for a backward pass."""

    def alone() -> object:
        with torch.no_grad():
            return run()

    return alone


def work(name: str, dtype: str, ways: dict[str, Callable[[], object]]) -> Work:
    """A pass whose ways return one array or several; the loops, which take their time, in float64 only."""
    if dtype != "float64":
        del ways["naive"]

    def arrays(way: str) -> Arrays:
        result = ways[way]()
        results = result if isinstance(result, tuple) else (result,)
        return [each if isinstance(each, np.ndarray) else each.detach().numpy() for each in results]

    return Work(name, ways, arrays)


def compare_results(each: Work, dtype: str) -> None:
    """All ways compute the same, or there is nothing to measure."""
    fast = each.arrays("fast")
    for way in each.ways:
        for one, other in zip(fast, each.arrays(way), strict=True):
            if not np.allclose(one, other, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype]):
                raise SystemExit(f"{each.name} in {dtype}: fast and {way} give different results")


def cpu_ms(run: Callable[[], object], repetitions: int) -> float:
    """Median CPU time of a run, in milliseconds."""
    times = []
    for _ in range(repetitions):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return 1e3 * statistics.median(times)


def measure(each: Work, rounds: int) -> dict[str, list[float]]:
    """CPU milliseconds of every way, round after round, in turn."""
    costs: dict[str, list[float]] = {way: [] for way in each.ways}
    for _ in range(rounds):
        for way, run in each.ways.items():
            costs[way].append(cpu_ms(run, 1 if way == "naive" else REPETITIONS))
    return costs


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    if torch is None:
        print("PyTorch is not installed: compared with the loops only")
    else:
        torch.set_num_threads(1)
    ratios = []
    print("CPU milliseconds with one thread: least, median, greatest")
    for dtype in ("float64",) if torch is None else ("float64", "float32"):
        for each in [*conv_works(dtype), *pool_works(dtype)]:
            compare_results(each, dtype)
            costs = measure(each, options.rounds)
            for way, values in costs.items():
                print(f"{each.name:14} {dtype} {way:8} {measuring.spread(values)}", flush=True)
            if "naive" in costs:
                faster = measuring.ratio(costs["naive"], costs["fast"])
                ratios.append(f"bench {each.name}_naive_vs_fast {faster}")
                wanted = LEAST_SPEED_UP[each.name.partition("_")[0]]
                if faster.median < wanted:
                    print(f"{each.name}: {faster.median:.0f} times as fast as the loops, wanted {wanted}")
            if torch is not None:
                ratios.append(
                    f"bench {each.name}_fast_vs_pytorch_{dtype} {measuring.ratio(costs['fast'], costs['pytorch'])}"
                )
    print("\n".join(ratios))


if __name__ == "__main__":
    # BLAS reads these when NumPy is loaded, so they have to be there before.
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    main()
