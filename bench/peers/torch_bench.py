"""Times one problem of PyTorch's: a shape, a storage and a distribution of ids. What fails becomes a note."""
import statistics
import time

import numpy as np
import torch

from torch_inputs import GRAD_OUTPUT_SEED, IDS_SEED, SAMPLE_SEED, SAMPLES, WEIGHT_SEED, below, draw_ids, numbers

LEARNING_RATE, EPS, BETAS = 0.125, 1e-8, (0.9, 0.999)
ROTATION_BYTES = 512 << 20
MOST_BATCHES = 8
STORAGES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Clock:
    """Times calls on a device, in microseconds, until a deadline."""

    def __init__(self, device, seconds, deadline):
        self.cuda = device.type == "cuda"
        self.seconds = seconds
        self.deadline = deadline

    def late(self):
        return time.perf_counter() > self.deadline

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
    """A table, batches of ids that rotate, and the gradient of the result."""

    def __init__(self, shape, storage, distribution, device, clock, compile_too):
        self.name, self.rows, self.dim, self.batch, self.seq, self.lookup = shape
        self.storage, self.dtype = storage, STORAGES[storage]
        self.narrow = storage != "float32"
        self.tiny = self.batch * self.seq < 1024  # shows what a call costs
        self.distribution, self.device, self.clock, self.compile_too = distribution, device, clock, compile_too
        self.count = self.batch * self.seq
        self.out_rows = self.batch if self.lookup == "bags" else self.count
        self.batches = 2
        if device.type == "cuda":
            self.batches = int(max(2, min(MOST_BATCHES, ROTATION_BYTES // (4 * self.count * self.dim))))
        hosts = [draw_ids(distribution, self.count, self.rows, IDS_SEED + k) for k in range(self.batches)]
        self.ids_host = hosts[0]
        self.ids = [torch.from_numpy(i).to(device).view(self.batch, self.seq) for i in hosts]
        # Ours is float32 for any storage: here numbers that every type has, so that both start from the same.
        self.grad = numbers(GRAD_OUTPUT_SEED, self.out_rows, self.dim, device, self.dtype, coarse=self.narrow)
        self.results, self.notes, self.samples, self.forward_sum = [], [], {}, None

    def weight(self):
        """The token table, as a parameter."""
        return torch.nn.Parameter(numbers(WEIGHT_SEED, self.rows, self.dim, self.device, self.dtype))

    def ids_of(self, run):
        return self.ids[run % self.batches]

    def title(self):
        return f"{self.name}, {self.storage}, {self.distribution}"

    def record(self, operation, variant, make):
        """Times what `make` returns, a call that is given the number of the run."""
        if self.clock.late():
            self.note(f"{operation}, {variant}", "out of time, see --limit")
            return
        try:
            micros = self.clock.micros(make())
        except Exception as error:  # out of memory, an operation or a compiler that is not there: the others count
            self.note(f"{operation}, {variant}", error)
            return
        finally:
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
        self.results.append(
            dict(
                operation=operation,
                shape=self.name,
                storage=self.storage,
                ids=self.distribution,
                variant=variant,
                micros=micros,
            )
        )
        print(f"{self.title()}: {operation}, {variant}: {micros:.1f} us", flush=True)

    def compiled(self, operation, variant, make):
        """Times what torch.compile makes of a function, where there is torch.compile."""
        if not self.compile_too:
            return

        def compile_it():
            torch._dynamo.reset()
            return make(lambda function: torch.compile(function, dynamic=False))

        self.record(operation, variant, compile_it)

    def note(self, what, error):
        reason = error if isinstance(error, str) else f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
        self.notes.append(f"{self.title()}, {what}: {reason}"[:400])
        print(self.notes[-1], flush=True)

    def picked(self, table, of_rows):
        """Samples of a table, or of a result, at the rows of the sampled ids."""
        column = below(SAMPLE_SEED, 2 * SAMPLES, self.dim)[1::2]
        index = torch.from_numpy(np.asarray(of_rows)).to(self.device)
        return table.detach()[index, torch.from_numpy(column).to(self.device)].double().tolist()

    def sampled(self):
        """Positions in the first batch, and the rows of the table that they name."""
        n = below(SAMPLE_SEED, 2 * SAMPLES, self.count)[0::2]
        return n, self.ids_host[n]

    def picked_sparse(self, gradient):
        """Samples of a gradient of some rows, added up."""
        gradient = gradient.coalesce()
        places = np.searchsorted(gradient.indices()[0].cpu().numpy(), self.sampled()[1])
        return self.picked(gradient.values(), places)

    def parts(self):
        raise NotImplementedError

    def run(self):
        for part in self.parts():
            try:
                part()
            except Exception as error:  # one part that a version cannot do shall not lose the others
                self.note(part.__name__, error)
        return dict(
            shape=self.name,
            storage=self.storage,
            ids=self.distribution,
            forwardSum=self.forward_sum,
            samples=self.samples,
        )


def rowwise_adagrad(weight, state, gradient):
    """Row-wise Adagrad as FBGEMM's EXACT_ROWWISE_ADAGRAD, in tensor operations: PyTorch itself has none."""
    gradient = gradient.coalesce()
    rows, values = gradient.indices()[0], gradient.values()
    state.index_add_(0, rows, values.float().pow(2).mean(1))
    rate = LEARNING_RATE / (state.index_select(0, rows).sqrt() + EPS)
    weight.data.index_add_(0, rows, (-rate.unsqueeze(1) * values).to(weight.dtype))
