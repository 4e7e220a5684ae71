"""Writes one training step of the input layer as real PyTorch takes it: input_embeddings_*.bin and input_embeddings.txt.

    torch.manual_seed(123)
    tokens = nn.Embedding(50257, 256); positions = nn.Embedding(seqLen, 256)
    out = tokens(ids) + positions(arange(seqLen)); out.backward(gradOutput); SGD step with lr 0.5

for two batches, each from fresh layers: `small`, 8 windows of 4 ids written below, and `wide`, 3 windows of 256 ids by
the formula below. README.md beside this file describes the files.
"""

import hashlib
import pathlib

import torch
from torch import nn

VOCABULARY = 50257
DIM = 256
LR = 0.5
HERE = pathlib.Path(__file__).parent

# First and last row of the table, rows that repeat within a window and between windows, and one that is hit six times.
SMALL_IDS = [
    [40, 367, 2885, 1464],
    [1807, 3619, 402, 271],
    [10899, 2138, 257, 7026],
    [15632, 438, 2016, 257],
    [922, 5891, 1576, 438],
    [568, 340, 373, 645],
    [1049, 257, 257, 0],
    [50256, 50256, 257, 257],
]


def wide_ids():
    """Steps through the table, with every fourth id among the first ten rows."""
    flat = [(i * 7919 + 13) % VOCABULARY if i % 4 else (i // 4) % 10 for i in range(3 * 256)]
    return torch.tensor(flat).reshape(3, 256)


def grad_output(shape):
    """Multiples of 1/128 in [-1, 1], so that every sum of them is exact in any order."""
    i = torch.arange(shape.numel(), dtype=torch.int64)
    return (((i * 37) % 257 - 128).float() / 128).reshape(shape)


def bytes_of(tensor):
    kind = "<i4" if tensor.dtype in (torch.int32, torch.int64) else "<f4"
    return tensor.detach().contiguous().numpy().astype(kind).tobytes()


def step(ids):
    torch.manual_seed(123)
    tokens = nn.Embedding(VOCABULARY, DIM)
    positions = nn.Embedding(ids.shape[1], DIM)
    rows = torch.unique(ids)
    result = {
        "ids": ids,
        "rows": rows,
        "token_weight": tokens.weight.clone(),
        "position_weight": positions.weight.clone(),
    }
    out = tokens(ids) + positions(torch.arange(ids.shape[1]))
    out.backward(grad_output(out.shape))
    untouched = torch.ones(VOCABULARY, dtype=torch.bool)
    untouched[rows] = False
    assert not tokens.weight.grad[untouched].any()
    result |= {
        "output": out,
        "grad_output": grad_output(out.shape),
        "token_grad_rows": tokens.weight.grad[rows].clone(),
        "position_grad": positions.weight.grad.clone(),
    }
    torch.optim.SGD([*tokens.parameters(), *positions.parameters()], lr=LR).step()
    result |= {
        "stepped_token_rows": tokens.weight[rows].clone(),
        "stepped_position_weight": positions.weight.clone(),
        "stepped_token_weight": tokens.weight.clone(),
    }
    return result


def main():
    capability = torch.__config__.show().split("CPU capability usage: ")[1].split("\n")[0]
    assert capability == "AVX2", capability
    lines = [f"# PyTorch {torch.__version__}, CPU capability {capability}; made by input_embeddings.py"]
    for title, ids in [("small", torch.tensor(SMALL_IDS)), ("wide", wide_ids())]:
        for name, tensor in step(ids).items():
            shape = "x".join(str(size) for size in tensor.shape)
            lines.append(f"{title} {name} {shape} sha256 {hashlib.sha256(bytes_of(tensor)).hexdigest()}")
            if title == "small" and name in ("ids", "output", "token_grad_rows", "position_grad", "stepped_token_rows"):
                (HERE / f"input_embeddings_{name}.bin").write_bytes(bytes_of(tensor))
    (HERE / "input_embeddings.txt").write_text("\n".join(lines) + "\n")


main()
