"""Writes what real PyTorch's nn.Embedding does with its options and all their pairs: embedding_options.txt and .bin.

Every case has a table, ids and a gradient of its own, from a formula. README.md beside this file describes the files.
"""

import itertools
import pathlib

import torch
from torch import nn

ROWS, COUNT = 6, 10
HERE = pathlib.Path(__file__).parent
INF = float("inf")


def numbers(count, seed):
    """Multiples of 2^-10 in [-1, 1), from a linear congruential generator that any language has."""
    state, result = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        result.append(((state >> 16) % 2048 - 1024) / 1024)
    return torch.tensor(result, dtype=torch.float32)


def ids(case):
    return torch.tensor([(i * i * (case + 1) + 5 * i + case // ROWS) % ROWS for i in range(COUNT)])


def run(case, padding, max_norm, norm_type, scaled, sparse, dim, index_type):
    def backward(sparse):
        layer = nn.Embedding(
            ROWS, dim, padding_idx=padding, max_norm=max_norm, norm_type=norm_type, scale_grad_by_freq=scaled, sparse=sparse
        )
        with torch.no_grad():
            layer.weight.copy_(numbers(ROWS * dim, 2 * case + 1).reshape(ROWS, dim))
        out = layer(ids(case).to(index_type))
        forward, changed = out.detach().clone(), layer.weight.detach().clone()
        (out * numbers(COUNT * dim, 2 * case + 2).reshape(COUNT, dim)).sum().backward()
        return forward, changed, layer.weight.grad

    try:
        forward, changed, gradient = backward(sparse)
        refused = False
    except RuntimeError as error:
        assert sparse and scaled and "scale_grad_by_freq" in str(error), error
        forward, changed, gradient = backward(False)
        refused = True
    entries = torch.empty(0)
    if gradient.is_sparse:
        assert not gradient.is_coalesced()
        kept = [i for i in ids(case).tolist() if i != (padding + ROWS if padding is not None and padding < 0 else padding)]
        assert gradient._indices().tolist() == [kept], gradient
        entries = gradient._values()
        gradient = gradient.to_dense()
    return refused, [forward, changed, gradient, entries]


def main():
    capability = torch.__config__.show().split("CPU capability usage: ")[1].split("\n")[0]
    assert capability == "AVX2", capability
    lines, blobs, start = [], [], 0
    norms = [(None, 2.0), (0.75, 2.0), (0.9, 1.0), (0.4, INF), (0.7, 3.0), (2.0, 0.5), (0.0, 2.0)]
    product = itertools.product([None, 2, -1], norms, [False, True], [False, True], [1, 3, 8, 17])
    for case, (padding, (max_norm, norm_type), scaled, sparse, dim) in enumerate(product):
        index_type = torch.int32 if case % 2 else torch.int64
        refused, tensors = run(case, padding, max_norm, norm_type, scaled, sparse, dim, index_type)
        lines.append(f"{padding} {max_norm} {norm_type} {scaled} {sparse} {dim} {refused} {start} {tensors[3].numel()}\n")
        for tensor in tensors:
            blobs.append(tensor.contiguous().numpy().astype("<f4").tobytes())
            start += tensor.numel()
    (HERE / "embedding_options.txt").write_text("".join(lines))
    (HERE / "embedding_options.bin").write_bytes(b"".join(blobs))


main()
