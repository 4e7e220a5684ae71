"""Writes what real PyTorch makes of rows of 8 bits: quantized.txt and quantized.bin. README.md beside this file describes them."""

import hashlib
import pathlib

import torch
from torch import nn

ROWS, COUNT = 20, 20
OFFSETS = [0, 3, 3, 10, 11]
HERE = pathlib.Path(__file__).parent
OPS = torch.ops.quantized


def numbers(count, seed):
    """Multiples of 2^-10 in [-1, 1), from a linear congruential generator that any language has."""
    state, result = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        result.append(((state >> 16) % 2048 - 1024) / 1024)
    return torch.tensor(result, dtype=torch.float32)


def seeded(rows, dim, seed):
    torch.manual_seed(seed)
    return nn.Embedding(rows, dim).weight.detach()


def bags(packed, indices, offsets, weights=None):
    return OPS.embedding_bag_byte_rowwise_offsets(packed, indices, torch.tensor(offsets), False, 0, False, weights)


def raw(tensor):
    return tensor.contiguous().numpy().tobytes()


# Equal numbers, ranges from the smallest to large ones, one number far from the others.
SPECIAL = torch.tensor(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.3, 0.3, 0.3, 0.3, 0.3],
        [-7.5, -7.5, -7.5, -7.5, -7.5],
        [1e-10, 2e-10, 3e-10, -1e-10, 0.0],
        [1e-7, 2e-7, 3e-7, 4e-7, 5e-7],
        [1e-45, 3e-45, 1e-40, 2e-39, 0.0],
        [1e30, -1e30, 5e29, 1.0, 0.0],
        [1.0, 1.0000001, 1.0, 1.0000002, 1.0],
        [1000.0, 0.001, 0.002, 0.003, 0.004],
        [16777216.0, 16777218.0, 16777220.0, 16777230.0, 16777216.0],
    ]
)

capability = torch.__config__.show().split("CPU capability usage: ")[1].split("\n")[0]
assert capability == "AVX2", capability
lines, blob = [f"# PyTorch {torch.__version__}"], b""
for dim in (1, 3, 16, 37, 64):
    packed = OPS.embedding_bag_byte_prepack(seeded(ROWS, dim, dim))
    ids = torch.tensor([(i * i * (dim + 1) + 5 * i + dim) % ROWS for i in range(COUNT)])
    lines.append(f"case {dim} {len(blob)}")
    blob += raw(packed)
    blob += raw(OPS.embedding_bag_byte_unpack(packed))
    blob += raw(bags(packed, torch.arange(ROWS), list(range(ROWS))))
    blob += raw(bags(packed, ids, OFFSETS))
    blob += raw(bags(packed, ids, OFFSETS, numbers(COUNT, 3)))
packed = OPS.embedding_bag_byte_prepack(SPECIAL)
lines.append(f"special {len(SPECIAL)} {len(blob)}")
blob += raw(SPECIAL) + raw(packed) + raw(OPS.embedding_bag_byte_unpack(packed))
packed = OPS.embedding_bag_byte_prepack(seeded(5000, 64, 123))
lines.append(f"large 5000 64 {hashlib.sha256(raw(packed)).hexdigest()}")
(HERE / "quantized.bin").write_bytes(blob)
(HERE / "quantized.txt").write_text("\n".join(lines) + "\n")
