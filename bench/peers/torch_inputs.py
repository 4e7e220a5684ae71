"""The tables, ids and gradients of the report's `Inputs` and `IdDistribution`, once more: splitmix64 of seed and index."""
import numpy as np
import torch

WEIGHT_SEED, POSITIONS_SEED, GRAD_OUTPUT_SEED, SAMPLE_SEED, IDS_SEED = 1, 2, 3, 4, 100
SAMPLES = 32
CHUNK = 1 << 24


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


def numbers(seed, rows, columns, device, dtype=torch.float32, coarse=False):
    """A table of multiples of 2^-24 in [-0.5, 0.5), of 2^-8 where coarse: the upper bits. Computed on the device."""
    upper = 8 if coarse else 24
    table = torch.empty(rows * columns, dtype=dtype, device=device)
    for first in range(0, table.numel(), CHUNK):
        last = min(first + CHUNK, table.numel())
        z = torch.arange(first + 1, last + 1, dtype=torch.int64, device=device)
        z = z * _signed(0x9E3779B97F4A7C15) + seed
        z = (z ^ _shifted(z, 30)) * _signed(0xBF58476D1CE4E5B9)
        z = (z ^ _shifted(z, 27)) * _signed(0x94D049BB133111EB)
        z = z ^ _shifted(z, 31)
        whole = (_shifted(z, 64 - upper) - (1 << (upper - 1))).to(torch.float32)
        table[first:last] = (whole * 2.0**-upper).to(dtype)
    return table.view(rows, columns)


def draw_ids(distribution, count, num_embeddings, seed):
    """Uniform, or Zipf(1.0) by whole-number weights 2^40 // rank, the ranks spread over the table."""
    if distribution == "uniform":
        return below(seed, count, num_embeddings)
    up_to = np.cumsum((1 << 40) // np.arange(1, num_embeddings + 1, dtype=np.int64))
    rank = np.searchsorted(up_to, below(seed, count, int(up_to[-1])), side="right").astype(np.int64)
    return rank * 2654435761 % num_embeddings


def sum_of_bits(tensor):
    """All elements' bits, each taken as a signed number of its size, added up modulo 2^64."""
    words = tensor.detach().contiguous().view(-1)
    words = words.view(torch.int32 if words.element_size() == 4 else torch.int16)
    total = sum(int(part.to(torch.int64).sum()) for part in words.split(CHUNK))
    return (total + (1 << 63)) % (1 << 64) - (1 << 63)
