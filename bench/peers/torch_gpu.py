#!/usr/bin/env python3
"""PyTorch at the shapes of `run report`, for one table of both.

    python3 torch_gpu.py --out torch.json            on the first CUDA (or ROCm) device
    python3 torch_gpu.py --device cpu --quick ...    the smallest shapes on the CPU: shows that it works
    run report --peer torch.json

Needs PyTorch 1.13 or newer and numpy, and the other torch_*.py beside it. Tables, ids and gradients come from the
formulas of the report's `Inputs` and `IdDistribution`. Times are CUDA events around many calls, divided by their
number, the median of several such rounds; batches rotate so that caches do not flatter. Results go into the file too:
the report compares them with ours. What fails, does not fit or comes too late is a note in it.
"""
import argparse
import json
import platform
import time

import torch

from torch_bags import Bags
from torch_bench import STORAGES, Clock
from torch_tokens import Tokens

# name, numEmbeddings, embeddingDim, batchSize, seqLen, what becomes of the vectors
TINY = ("8x4x256", 50257, 256, 8, 4, "positions")
WIDE = ("V128256 D4096 N16384", 128256, 4096, 16, 1024, "tokens")
BAGS = ("V10000000 D128 bags 65536x20", 10_000_000, 128, 65536, 20, "bags")
FEW_BAGS = ("V100000 D128 bags 4096x20", 100_000, 128, 4096, 20, "bags")


def gpt2(batch):
    return (f"V50257 D768 B{batch} T1024", 50257, 768, batch, 1024, "positions")


def problems(quick):
    """Shapes and storages, the most important first, in the order of the report."""
    shapes = [gpt2(8), FEW_BAGS] if quick else [gpt2(32), WIDE, BAGS, gpt2(64), gpt2(8), gpt2(16)]
    return [(TINY, "float32")] + [(shape, storage) for storage in STORAGES for shape in shapes]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", default="torch.json")
    parser.add_argument("--quick", action="store_true", help="the smallest shapes only")
    parser.add_argument("--only", default="", help="sizes whose name contains it, such as B64 or bags")
    parser.add_argument("--seconds", type=float, default=0.2, help="about how long each measurement takes")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument("--limit", type=float, default=150, help="what would begin later is left out, in seconds")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    compile_too = hasattr(torch, "compile") and not arguments.no_compile
    clock = Clock(device, arguments.seconds, time.perf_counter() + arguments.limit)
    results, fingerprints, notes = [], [], []
    record = dict(
        name="PyTorch " + torch.__version__,
        machine=(torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "CPU")
        + f", PyTorch {torch.__version__}, CUDA {torch.version.cuda}, {torch.get_num_threads()} threads",
        quick=arguments.quick,
        results=results,
        fingerprints=fingerprints,
        notes=notes,
    )
    if not compile_too:
        reason = "left out" if hasattr(torch, "compile") else f"not available in PyTorch {torch.__version__}"
        notes.append(f"torch.compile: {reason}")
    for shape, storage in problems(arguments.quick):
        if arguments.only not in shape[0]:
            continue
        for distribution in ("uniform", "zipf"):
            title = f"{shape[0]}, {storage}, {distribution}"
            if clock.late():
                notes.append(f"{title}: out of time, see --limit")
                continue
            try:
                kind = Bags if shape[-1] == "bags" else Tokens
                bench = kind(shape, storage, distribution, device, clock, compile_too)
            except Exception as error:  # a table that does not fit
                notes.append(f"{title}: {type(error).__name__}: {error}"[:400])
                continue
            fingerprints.append(bench.run())
            results += bench.results
            notes += bench.notes
            del bench
            with open(arguments.out, "w") as file:
                json.dump(record, file, indent=1)
    with open(arguments.out, "w") as file:
        json.dump(record, file, indent=1)


if __name__ == "__main__":
    main()
