"""Writes traces of 50 steps of every optimizer that real PyTorch has for embeddings: optimizers.txt and optimizers.bin.

The layer is nn.Embedding(20, 8), its weights from a formula, its loss the sum of c * output, with ids and c new in each
step and the ids' duplicates and padding (row 3) as they come. README.md beside this file describes the files.
"""

import pathlib

import torch
from torch import nn

ROWS, DIM, PADDING, STEPS, COUNT = 20, 8, 3, 50, 24
HERE = pathlib.Path(__file__).parent


def numbers(count, seed):
    """Multiples of 2^-10 in [-1, 1), from a linear congruential generator that any language has."""
    state, result = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        result.append(((state >> 16) % 2048 - 1024) / 1024)
    return torch.tensor(result, dtype=torch.float32)


def ids(step):
    """24 ids of which small ones repeat; odd steps name the rows below 10 only."""
    rows = 10 if step % 2 else ROWS
    return torch.tensor([(i * i * (step + 1) + 5 * i + step) % rows for i in range(COUNT)])


def trace(kind, sparse, by_frequency, make):
    layer = nn.Embedding(ROWS, DIM, padding_idx=PADDING, sparse=sparse, scale_grad_by_freq=by_frequency)
    with torch.no_grad():
        layer.weight.copy_(numbers(ROWS * DIM, 1).reshape(ROWS, DIM))
    optimizer = make(layer.parameters())
    snapshots = []
    for step in range(STEPS):
        optimizer.zero_grad()
        (layer(ids(step)) * numbers(COUNT * DIM, 100 + step).reshape(COUNT, DIM)).sum().backward()
        gradient = layer.weight.grad.to_dense() if sparse else layer.weight.grad
        assert gradient[PADDING].eq(0).all()
        optimizer.step()
        if step in (0, 1, STEPS - 1):
            snapshots.append(layer.weight.detach().clone())
    return kind, torch.stack(snapshots)


TRACES = [
    ("sgd dense", False, lambda p: torch.optim.SGD(p, lr=0.1)),
    ("sgd sparse", True, lambda p: torch.optim.SGD(p, lr=0.1)),
    ("sgd_weight_decay dense", False, lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01)),
    ("sgd_momentum dense", False, lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9)),
    ("sgd_dampening dense", False, lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.3)),
    ("sgd_nesterov dense", False, lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ("adagrad dense", False, lambda p: torch.optim.Adagrad(p, lr=0.1)),
    ("adagrad sparse", True, lambda p: torch.optim.Adagrad(p, lr=0.1)),
    ("adagrad_options sparse", True, lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.05, initial_accumulator_value=0.2, eps=1e-6)),
    ("adagrad_weight_decay dense", False, lambda p: torch.optim.Adagrad(p, lr=0.1, weight_decay=0.01)),
    ("sparse_adam sparse", True, lambda p: torch.optim.SparseAdam(list(p), lr=0.01)),
    ("sparse_adam_options sparse", True, lambda p: torch.optim.SparseAdam(list(p), lr=0.02, betas=(0.8, 0.95), eps=1e-4)),
    ("adam dense", False, lambda p: torch.optim.Adam(p, lr=0.01)),
    ("adam_options dense", False, lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.01)),
    ("adam_w dense", False, lambda p: torch.optim.AdamW(p, lr=0.01)),
    ("adam_w_options dense", False, lambda p: torch.optim.AdamW(p, lr=0.02, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1)),
]


def main():
    capability = torch.__config__.show().split("CPU capability usage: ")[1].split("\n")[0]
    assert capability == "AVX2", capability
    lines = [f"# PyTorch {torch.__version__}; made by optimizers.py"]
    data = b""
    for kind, sparse, make in TRACES:
        for by_frequency in [False] if sparse else [False, True]:
            name, snapshots = trace(kind, sparse, by_frequency, make)
            scale = "scaled" if by_frequency else "unscaled"
            lines.append(f"{name} {scale} {len(data) // 4}")
            data += snapshots.contiguous().numpy().astype("<f4").tobytes()
    (HERE / "optimizers.txt").write_text("\n".join(lines) + "\n")
    (HERE / "optimizers.bin").write_bytes(data)


main()
