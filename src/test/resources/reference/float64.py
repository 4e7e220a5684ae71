"""Writes what real PyTorch does in float64: float64.txt and .bin. README.md beside this file describes them."""

import itertools
import pathlib

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
INF = float("inf")
ROWS, COUNT = 6, 10
BAG_ROWS, BAG_IDS, OFFSETS = 7, 20, [0, 3, 3, 10, 11]


def numbers(count, seed):
    """Thirds of multiples of 2^-10, which take all bits of a float64."""
    state, result = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        result.append(((state >> 16) % 2048 - 1024) / 1024 / 3)
    return torch.tensor(result, dtype=torch.float64)


def set_numbers(weight, seed):
    with torch.no_grad():
        weight.copy_(numbers(weight.numel(), seed).reshape(weight.shape))


def embedding(case, padding, max_norm, norm_type, scaled, dim):
    layer = nn.Embedding(
        ROWS, dim, padding_idx=padding, max_norm=max_norm, norm_type=norm_type, scale_grad_by_freq=scaled, dtype=torch.float64
    )
    set_numbers(layer.weight, 2 * case + 1)
    ids = torch.tensor([(i * i * (case + 1) + 5 * i + case // ROWS) % ROWS for i in range(COUNT)])
    out = layer(ids)
    forward, changed = out.detach().clone(), layer.weight.detach().clone()
    out.backward(numbers(COUNT * dim, 2 * case + 2).reshape(COUNT, dim))
    return [forward, changed, layer.weight.grad]


def bag(dim, mode, weighted, padding):
    layer = nn.EmbeddingBag(BAG_ROWS, dim, mode=mode, padding_idx=padding, dtype=torch.float64)
    set_numbers(layer.weight, 1)
    ids = torch.tensor([2 if i == 10 else (i * i * (dim + 1) + 5 * i + dim) % BAG_ROWS for i in range(BAG_IDS)])
    weights = numbers(BAG_IDS, 3).requires_grad_() if weighted else None
    out = layer(ids, torch.tensor(OFFSETS), per_sample_weights=weights)
    out.backward(numbers(len(OFFSETS) * dim, 2).reshape(-1, dim))
    return [out.detach(), layer.weight.grad] + ([weights.grad] if weighted else [])


def main():
    lines, blobs, start = [], [], 0

    def add(words, tensors):
        nonlocal start
        lines.append(f"{words} {start}\n")
        for tensor in tensors:
            assert tensor.dtype == torch.float64
            blobs.append(tensor.contiguous().numpy().astype("<f8").tobytes())
            start += tensor.numel()

    norms = [(None, 2.0), (0.25, 2.0), (0.3, 1.0), (0.1, INF), (0.2, 3.0)]
    for case, (padding, (max_norm, norm_type), scaled, dim) in enumerate(
        itertools.product([None, 2, -1], norms, [False, True], [1, 3, 17])
    ):
        add(f"embedding {padding} {max_norm} {norm_type} {scaled} {dim}", embedding(case, padding, max_norm, norm_type, scaled, dim))
    for dim, (mode, weighted), padding in itertools.product(
        [1, 3, 17], [("sum", False), ("sum", True), ("mean", False), ("max", False)], [None, 2]
    ):
        add(f"bag {dim} {mode} {weighted} {padding}", bag(dim, mode, weighted, padding))
    torch.manual_seed(123)
    for count in [3, 16, 5, 1, 18, 15, 1000, 17, 4000]:
        add(f"normal {count}", [nn.Embedding(count, 1, dtype=torch.float64).weight.detach()])
    (HERE / "float64.txt").write_text("".join(lines))
    (HERE / "float64.bin").write_bytes(b"".join(blobs))


main()
