#!/usr/bin/env python3
"""PyTorch at the shapes of `run report`, for one table of both.

    python3 torch_gpu.py --out torch.json            on the first CUDA (or ROCm) device
    python3 torch_gpu.py --device cpu --quick ...    the smallest shape on the CPU: shows that it works
    run report --peer torch.json

Needs PyTorch 1.13 or newer and numpy, nothing else. Tables, ids and gradients come from the formulas of the report's
`Inputs` and `IdDistribution`: splitmix64 of seed and index. Times are CUDA events around many calls, divided by their
number, the median of several such rounds; batches rotate so that caches do not flatter. The results go into the file
too: the report compares them with ours.
"""
import argparse
import json
import platform
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F

WEIGHT_SEED, POSITIONS_SEED, GRAD_OUTPUT_SEED, SAMPLE_SEED, IDS_SEED = 1, 2, 3, 4, 100
LEARNING_RATE = 0.125
SAMPLES = 32
CHUNK = 1 << 24
ROTATION_BYTES = 512 << 20
MOST_BATCHES = 8

# name, numEmbeddings, embeddingDim, batchSize, seqLen, positional
SHAPES = [(f"V50257 D768 B{b} T1024", 50257, 768, b, 1024, True) for b in (8, 16, 32, 64)]
SHAPES.append(("V128256 D4096 B16 T1024", 128256, 4096, 16, 1024, False))
SHAPES.append(("8x4x256", 50257, 256, 8, 4, True))


def bits(seed, index):
    """splitmix64: the numbers at `index` (uint64) of the sequence that starts at `seed`."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def below(seed, count, limit):
    """`count` whole numbers in [0, limit), from the upper 53 bits."""
    return (bits(seed, np.arange(count, dtype=np.uint64)) >> np.uint64(11)).astype(np.int64) % limit


def _signed(value):
    return value - (1 << 64) if value >= 1 << 63 else value


def _shifted(z, by):
    """A logical shift of int64, which torch has no unsigned counterpart of everywhere."""
    return (z >> by) & ((1 << (64 - by)) - 1)


def numbers(seed, rows, columns, device):
    """A table of multiples of 2^-24 in [-0.5, 0.5): the upper 24 bits, less 2^23. Computed on the device."""
    table = torch.empty(rows * columns, dtype=torch.float32, device=device)
    for first in range(0, table.numel(), CHUNK):
        last = min(first + CHUNK, table.numel())
        z = torch.arange(first + 1, last + 1, dtype=torch.int64, device=device)
        z = z * _signed(0x9E3779B97F4A7C15) + seed
        z = (z ^ _shifted(z, 30)) * _signed(0xBF58476D1CE4E5B9)
        z = (z ^ _shifted(z, 27)) * _signed(0x94D049BB133111EB)
        z = z ^ _shifted(z, 31)
        table[first:last] = (_shifted(z, 40) - (1 << 23)).to(torch.float32) * 2.0**-24
    return table.view(rows, columns)


def draw_ids(distribution, count, num_embeddings, seed):
    """Uniform, or Zipf(1.0) by whole-number weights 2^40 // rank, the ranks spread over the table."""
    if distribution == "uniform":
        return below(seed, count, num_embeddings)
    up_to = np.cumsum((1 << 40) // np.arange(1, num_embeddings + 1, dtype=np.int64))
    rank = np.searchsorted(up_to, below(seed, count, int(up_to[-1])), side="right").astype(np.int64)
    return rank * 2654435761 % num_embeddings


class Clock:
    """Times calls on a device, in microseconds."""

    def __init__(self, device, seconds):
        self.cuda = device.type == "cuda"
        self.seconds = seconds

    def synchronize(self):
        if self.cuda:
            torch.cuda.synchronize()

    def _round(self, call, runs):
        if self.cuda:
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            for run in range(runs):
                call(run)
            end.record()
            torch.cuda.synchronize()
            return begin.elapsed_time(end) * 1e3 / runs
        begin = time.perf_counter()
        for run in range(runs):
            call(run)
        return (time.perf_counter() - begin) * 1e6 / runs

    def micros(self, call):
        for run in range(3):
            call(run)
        self.synchronize()
        begin = time.perf_counter()
        call(0)
        self.synchronize()
        once = time.perf_counter() - begin
        runs = int(max(2, min(100, self.seconds / 5 / max(once, 1e-6))))
        return statistics.median(self._round(call, runs) for _ in range(5))


class Bench:
    """One shape with one distribution of ids."""

    def __init__(self, shape, distribution, device, seconds, compile_too):
        self.name, self.rows, self.dim, self.batch, self.seq, self.positional = shape
        self.distribution = distribution
        self.device = device
        self.clock = Clock(device, seconds)
        self.compile_too = compile_too
        self.count = self.batch * self.seq
        out_bytes = 4 * self.count * self.dim
        self.batches = int(max(2, min(MOST_BATCHES, ROTATION_BYTES // out_bytes)))
        if device.type == "cpu":
            self.batches = 2
        self.ids_host = [
            draw_ids(distribution, self.count, self.rows, IDS_SEED + k) for k in range(self.batches)
        ]
        self.ids = [torch.from_numpy(i).to(device).view(self.batch, self.seq) for i in self.ids_host]
        self.grad = numbers(GRAD_OUTPUT_SEED, self.count, self.dim, device).view(self.batch, self.seq, self.dim)
        self.results = []
        self.notes = []

    def fresh(self, sparse=False):
        """The tables, as parameters."""
        token = torch.nn.Embedding(self.rows, self.dim, sparse=sparse, device="meta")
        token.weight = torch.nn.Parameter(numbers(WEIGHT_SEED, self.rows, self.dim, self.device))
        position = None
        if self.positional:
            position = torch.nn.Parameter(numbers(POSITIONS_SEED, self.seq, self.dim, self.device))
        return token, position

    @staticmethod
    def forward(token, position, ids):
        vectors = token(ids)
        return vectors if position is None else vectors + position

    def record(self, operation, variant, call):
        try:
            micros = self.clock.micros(call)
        except RuntimeError as error:  # out of memory, or a compiler that is not there
            self.note(f"{operation}, {variant}", error)
            return
        self.results.append(
            dict(operation=operation, shape=self.name, ids=self.distribution, variant=variant, micros=micros)
        )
        print(f"{self.name}, {self.distribution}: {operation}, {variant}: {micros:.1f} us", flush=True)

    def note(self, what, error):
        self.notes.append(f"{self.name}, {self.distribution}, {what}: {type(error).__name__}: {str(error)[:300]}")
        print(self.notes[-1], flush=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def fingerprint(self):
        """Sum of the forward's bits, and samples of forward, gradient and SGD step, from the start values."""
        token, position = self.fresh()
        out = self.forward(token, position, self.ids[0])
        words = out.detach().contiguous().view(-1).view(torch.int32)
        total = sum(int(part.to(torch.int64).sum()) for part in words.split(CHUNK))
        out.backward(self.grad)
        n = below(SAMPLE_SEED, 2 * SAMPLES, self.count)[0::2]
        column = below(SAMPLE_SEED, 2 * SAMPLES, self.dim)[1::2]
        row = self.ids_host[0][n]
        flat = out.detach().view(self.count, self.dim)

        def picked(table, rows):
            index = torch.from_numpy(np.asarray(rows)).to(self.device)
            return table.detach()[index, torch.from_numpy(column).to(self.device)].double().tolist()

        samples = dict(forward=picked(flat, n), backward=picked(token.weight.grad, row))
        with torch.no_grad():
            token.weight -= LEARNING_RATE * token.weight.grad
        samples["sgd"] = picked(token.weight, row)
        total = (total + (1 << 63)) % (1 << 64) - (1 << 63)
        return dict(shape=self.name, ids=self.distribution, forwardSum=total, samples=samples)

    def time_forward(self):
        token, position = self.fresh()
        with torch.no_grad():
            self.record("forward", "eager", lambda run: self.forward(token, position, self.ids[run % self.batches]))
            out = torch.empty(self.count, self.dim, device=self.device)

            def preallocated(run):
                torch.index_select(token.weight, 0, self.ids[run % self.batches].view(-1), out=out)
                if position is not None:
                    out.view(self.batch, self.seq, self.dim).add_(position)

            self.record("forward", "index_select into a result + add_", preallocated)
            if self.compile_too:
                compiled = torch.compile(self.forward)
                self.record("forward", "torch.compile", lambda run: compiled(token, position, self.ids[run % self.batches]))

    def _backward(self, token, position, run, forward=None):
        """The gradients of one batch; only the backward pass counts, so the graph is the smallest that gives it."""
        ids = self.ids[run % self.batches]
        if token.sparse:
            token.weight.grad = torch.sparse_coo_tensor(
                ids.view(1, -1), self.grad.view(self.count, self.dim), (self.rows, self.dim)
            )
        else:
            token.weight.grad = torch.ops.aten.embedding_dense_backward(self.grad, ids, self.rows, -1, False)
        if position is not None:
            position.grad = self.grad.sum(0)

    def time_backward(self):
        for sparse in (False, True):
            token, position = self.fresh(sparse)
            kind = "sparse gradient" if sparse else "dense gradient"
            self.record("backward", f"eager, {kind}", lambda run: self._backward(token, position, run))
        if self.compile_too:
            token, position = self.fresh()

            def whole(grad, ids):
                gradient = torch.ops.aten.embedding_dense_backward(grad, ids, self.rows, -1, False)
                return gradient, grad.sum(0) if self.positional else gradient

            compiled = torch.compile(whole)
            self.record(
                "backward", "torch.compile, dense gradient", lambda run: compiled(self.grad, self.ids[run % self.batches])
            )

    def time_steps(self):
        """Backward and step of the token table together, as a training loop has them."""
        makers = {
            ("sgd", "dense gradient + SGD"): (False, lambda p: torch.optim.SGD(p, lr=LEARNING_RATE)),
            ("sgd", "sparse gradient + SGD"): (True, lambda p: torch.optim.SGD(p, lr=LEARNING_RATE)),
            ("adam", "dense gradient + Adam"): (False, lambda p: torch.optim.Adam(p, lr=1e-3)),
            ("adam", "sparse gradient + SparseAdam"): (True, lambda p: torch.optim.SparseAdam(p, lr=1e-3)),
        }
        if self.device.type == "cuda":
            makers["adam", "dense gradient + fused Adam"] = (
                False,
                lambda p: torch.optim.Adam(p, lr=1e-3, fused=True),
            )
        for (operation, variant), (sparse, make) in makers.items():
            try:
                token, position = self.fresh(sparse)
                optimizer = make([token.weight])
                rest = None if position is None else torch.optim.SGD([position], lr=LEARNING_RATE)
            except RuntimeError as error:
                self.note(variant, error)
                continue

            def step(run):
                self._backward(token, position, run)
                optimizer.step()
                if rest is not None:
                    rest.step()

            self.record(operation, variant, step)
            del token, position, optimizer, rest

    def run(self):
        fingerprint = None
        for part in (self.time_forward, self.time_backward, self.time_steps):
            try:
                part()
            except Exception as error:  # one part that a version cannot do shall not lose the others
                self.note(part.__name__, error)
        try:
            fingerprint = self.fingerprint()
        except RuntimeError as error:
            self.note("fingerprint", error)
        return fingerprint


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", default="torch.json")
    parser.add_argument("--quick", action="store_true", help="the smallest shape and the tiny one only")
    parser.add_argument("--seconds", type=float, default=0.5, help="about how long each measurement takes")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument("--limit", type=float, default=420, help="shapes that would begin later are skipped, in seconds")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    compile_too = hasattr(torch, "compile") and not arguments.no_compile
    begin = time.perf_counter()
    shapes = [s for s in SHAPES if not arguments.quick or s[0] in (SHAPES[0][0], SHAPES[-1][0])]
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
        notes.append("torch.compile left out")
    for shape in shapes:
        for distribution in ("uniform", "zipf"):
            if time.perf_counter() - begin > arguments.limit:
                notes.append(f"{shape[0]}, {distribution}: out of time, see --limit")
                continue
            bench = Bench(shape, distribution, device, arguments.seconds, compile_too)
            fingerprint = bench.run()
            results += bench.results
            notes += bench.notes
            if fingerprint is not None:
                fingerprints.append(fingerprint)
            del bench
            with open(arguments.out, "w") as file:
                json.dump(record, file, indent=1)
    with open(arguments.out, "w") as file:
        json.dump(record, file, indent=1)


if __name__ == "__main__":
    main()
