"""Writes what real PyTorch makes of numbers stored in 16 bits: storage.txt. README.md beside this file describes it."""

import hashlib
import pathlib

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
TYPES = {"FLOAT16": torch.float16, "BFLOAT16": torch.bfloat16}
NAN = {"FLOAT16": 0x7E00, "BFLOAT16": 0x7FC0}


def digest(bits, size):
    return hashlib.sha256(b"".join((b & (256**size - 1)).to_bytes(size, "little") for b in bits)).hexdigest()


def bits16(tensor, name):
    """The bits of a tensor of 16-bit numbers, one NaN for all."""
    raw = tensor.contiguous().view(torch.int16).flatten()
    raw = torch.where(tensor.flatten().isnan(), torch.tensor(NAN[name] - 65536 * (NAN[name] > 32767), dtype=torch.int16), raw)
    return [b & 0xFFFF for b in raw.tolist()]


def hex16(tensor, name):
    return "".join(f"{b:04x}" for b in bits16(tensor, name))


def all_numbers(dtype):
    return torch.arange(-32768, 32768, dtype=torch.int32).to(torch.int16).view(dtype)


def signed(bits):
    return torch.tensor([b - 2**32 if b >= 2**31 else b for b in bits], dtype=torch.int64).to(torch.int32).view(torch.float32)


def patterns(name):
    """Bits of float32: every number of the type, the middle to the next one, and their neighbours; and any others."""
    result = []
    for h in range(0x7C00 if name == "FLOAT16" else 0x7F80):
        if name == "BFLOAT16":
            exact, middle = h << 16, (h << 16) + 0x8000
        else:
            low = torch.tensor([h, h + 1], dtype=torch.int16).view(torch.float16).to(torch.float64)
            if h + 1 == 0x7C00:
                low[1] = 65536.0
            pair = torch.stack([low[0], (low[0] + low[1]) / 2]).to(torch.float32).view(torch.int32)
            exact, middle = pair.tolist()
        for sign in (0, 0x80000000):
            for around in (exact, middle):
                result += [sign | max(around - 1, 0), sign | around, sign | around + 1]
    result += [(i * 0x9E3779B1) % 2**32 for i in range(2**17)]
    return result


def trace(dtype, make):
    """20 steps in float32 of weights that are rounded after each."""
    weight = nn.Parameter(numbers(160, 1).reshape(20, 8).to(dtype).float())
    optimizer = make([weight])
    for step in range(20):
        optimizer.zero_grad()
        weight.grad = numbers(160, 100 + step).reshape(20, 8)
        optimizer.step()
        with torch.no_grad():
            weight.copy_(weight.to(dtype).float())
    return weight.detach().to(dtype)


def numbers(count, seed):
    """Multiples of 2^-10 in [-1, 1), from a linear congruential generator that any language has."""
    state, result = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        result.append(((state >> 16) % 2048 - 1024) / 1024)
    return torch.tensor(result, dtype=torch.float32)


lines = [f"# PyTorch {torch.__version__}"]
for name, dtype in TYPES.items():
    wide = all_numbers(dtype).float()
    wide = torch.where(wide.isnan(), torch.tensor(float("nan")), wide)
    lines.append(f"{name} widened {digest(wide.view(torch.int32).tolist(), 4)}")
    lines.append(f"{name} narrowed {digest(bits16(signed(patterns(name)).to(dtype), name), 2)}")
    torch.manual_seed(123)
    tokens = nn.Embedding(20, 33).to(dtype)
    positions = nn.Embedding(5, 33).to(dtype)
    lines.append(f"{name} tokens {hex16(tokens.weight.detach(), name)}")
    lines.append(f"{name} positions {hex16(positions.weight.detach(), name)}")
    ids = torch.tensor([[i * i % 20, i * 7 % 20, 19 - i, i, 3] for i in range(6)])
    lines.append(f"{name} gathered {hex16(tokens(ids).detach(), name)}")
    lines.append(f"{name} added {hex16((tokens(ids) + positions(torch.arange(5))).detach(), name)}")
    lines.append(f"{name} sgd {hex16(trace(dtype, lambda p: torch.optim.SGD(p, lr=0.125)), name)}")
    lines.append(f"{name} momentum {hex16(trace(dtype, lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)), name)}")
    lines.append(f"{name} adagrad {hex16(trace(dtype, lambda p: torch.optim.Adagrad(p, lr=0.1)), name)}")
    lines.append(f"{name} adam {hex16(trace(dtype, lambda p: torch.optim.Adam(p, lr=0.01)), name)}")
    lines.append(f"{name} adamw {hex16(trace(dtype, lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)), name)}")
(HERE / "storage.txt").write_text("\n".join(lines) + "\n")
