"""Writes what real PyTorch's nn.EmbeddingBag gives, bags.txt and bags.bin: outputs and gradients for every mode with its
options, and traces of training. README.md beside this file describes the files.

The gradient with scale_grad_by_freq is not taken from nn.EmbeddingBag, whose count is wrong (for the ids 1, 1, 3 it divides
row 3 by 2), but from nn.Embedding's rows, summed by bag.
"""

import pathlib

import torch
import torch.nn.functional as F
from torch import nn

ROWS, BAGS, COUNT, STEPS = 7, 5, 20, 20
OFFSETS = [0, 3, 3, 10, 11, 20]
HERE = pathlib.Path(__file__).parent


def numbers(count, seed):
    """Multiples of 2^-10 in [-1, 1), from a linear congruential generator that any language has."""
    state, result = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        result.append(((state >> 16) % 2048 - 1024) / 1024)
    return torch.tensor(result, dtype=torch.float32)


def ids(seed):
    """20 ids of which some repeat within a bag; the fourth bag of OFFSETS is of row 2 alone."""
    result = [(i * i * (seed + 1) + 5 * i + seed) % ROWS for i in range(COUNT)]
    result[10] = 2
    return torch.tensor(result)


def table(dim, mode):
    """For the maximum, multiples of 1/4, so that different rows have equal numbers."""
    weight = numbers(ROWS * dim, 1).reshape(ROWS, dim)
    return torch.floor(weight * 4) / 4 if mode == "max" else weight


def by_frequency(weight, indices, mode, padding, sample_weights):
    """Bags as sums of the rows of an embedding, whose gradient has the right count."""
    rows = F.embedding(indices, weight, padding_idx=padding, scale_grad_by_freq=True)
    counts = torch.ones(COUNT) if padding is None else (indices != padding % ROWS).float()
    if sample_weights is not None:
        counts = counts * sample_weights
    bag = torch.bucketize(torch.arange(COUNT), torch.tensor(OFFSETS[1:]), right=True)
    sums = torch.zeros(BAGS, weight.shape[1]).index_add(0, bag, rows * counts[:, None])
    sizes = torch.zeros(BAGS).index_add(0, bag, counts)
    return sums / sizes.clamp(min=1)[:, None] if mode == "mean" else sums


def case(dim, mode, weighted, padding, layout, frequency):
    weight = table(dim, mode).requires_grad_()
    indices = ids(dim)
    sample_weights = numbers(COUNT, 3).requires_grad_() if weighted else None
    if frequency:
        output = by_frequency(weight, indices, mode, padding, sample_weights)
    elif layout == "matrix":
        shaped = None if sample_weights is None else sample_weights.reshape(BAGS, COUNT // BAGS)
        output = F.embedding_bag(indices.reshape(BAGS, COUNT // BAGS), weight, mode=mode, per_sample_weights=shaped, padding_idx=padding)
    else:
        last = layout == "last"
        offsets = torch.tensor(OFFSETS if last else OFFSETS[:-1])
        output = F.embedding_bag(indices, weight, offsets, mode=mode, per_sample_weights=sample_weights,
                                 include_last_offset=last, padding_idx=padding)
    output.backward(numbers(BAGS * dim, 2).reshape(BAGS, dim))
    tensors = [output.detach(), weight.grad]
    return tensors + ([sample_weights.grad] if weighted else [])


def trace(mode, weighted, sparse, make):
    dim = 8
    layer = nn.EmbeddingBag(ROWS, dim, mode=mode, sparse=sparse, padding_idx=2)
    with torch.no_grad():
        layer.weight.copy_(table(dim, mode))
    optimizer = make(layer.parameters())
    for step in range(STEPS):
        optimizer.zero_grad()
        sample_weights = numbers(COUNT, 200 + step) if weighted else None
        output = layer(ids(step), torch.tensor(OFFSETS[:-1]), sample_weights)
        output.backward(numbers(BAGS * dim, 100 + step).reshape(BAGS, dim))
        optimizer.step()
    return [layer.weight.detach()]


TRACES = [
    ("sum", False, True, "sgd", lambda p: torch.optim.SGD(p, lr=0.1)),
    ("mean", False, False, "sgd_momentum", lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9)),
    ("max", False, False, "sgd_momentum", lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9)),
    ("sum", True, False, "adagrad", lambda p: torch.optim.Adagrad(p, lr=0.1)),
    ("mean", False, True, "adagrad", lambda p: torch.optim.Adagrad(p, lr=0.1)),
    ("max", False, False, "adagrad", lambda p: torch.optim.Adagrad(p, lr=0.1)),
    ("sum", False, True, "sparse_adam", lambda p: torch.optim.SparseAdam(list(p), lr=0.01)),
    ("mean", False, True, "sparse_adam", lambda p: torch.optim.SparseAdam(list(p), lr=0.01)),
    ("max", False, False, "adam", lambda p: torch.optim.Adam(p, lr=0.01)),
    ("sum", True, False, "adam", lambda p: torch.optim.Adam(p, lr=0.01)),
]


def cases():
    for dim in (1, 3, 17, 64):
        for mode, weighted in (("sum", False), ("sum", True), ("mean", False), ("max", False)):
            for padding in (None, 2, -1):
                for layout in ("first", "last", "matrix"):
                    yield dim, mode, weighted, padding, layout, False
                if mode != "max":
                    yield dim, mode, weighted, padding, "first", True


def main():
    capability = torch.__config__.show().split("CPU capability usage: ")[1].split("\n")[0]
    assert capability == "AVX2", capability
    lines = [f"# PyTorch {torch.__version__}; made by bags.py"]
    data = b""
    for dim, mode, weighted, padding, layout, frequency in cases():
        lines.append(f"case {dim} {mode} {weighted} {padding} {layout} {frequency} {len(data) // 4}".lower())
        for tensor in case(dim, mode, weighted, padding, layout, frequency):
            data += tensor.contiguous().numpy().astype("<f4").tobytes()
    for mode, weighted, sparse, optimizer, make in TRACES:
        lines.append(f"trace {mode} {weighted} {sparse} {optimizer} {len(data) // 4}".lower())
        for tensor in trace(mode, weighted, sparse, make):
            data += tensor.contiguous().numpy().astype("<f4").tobytes()
    (HERE / "bags.txt").write_text("\n".join(lines) + "\n")
    (HERE / "bags.bin").write_bytes(data)


main()
