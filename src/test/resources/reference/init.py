"""Writes what PyTorch's CPU generator draws: init_avx2.txt, or init_default.txt under ATEN_CPU_CAPABILITY=default.

One line per step, words separated by blanks:

    seed S                                 torch.manual_seed(S)
    normal N MEAN STD bits HEX             torch.empty(N).normal_(MEAN, STD), the N floats
    normal N MEAN STD sha256 HEX HEX HEX   the same: SHA-256 of all N floats, the first 16, the last 32
    uniform N FROM TO ...                  torch.empty(N).uniform_(FROM, TO), likewise
    state sha256 HEX                       SHA-256 of torch.get_rng_state()

Floats are eight hexadecimal digits each, most significant first; what is hashed is little-endian.
"""

import hashlib
import os
import pathlib

import torch

DEFAULT = os.environ.get("ATEN_CPU_CAPABILITY") == "default"
HERE = pathlib.Path(__file__).parent
SEEDS = [0, 1, 123, 2**32 + 5, -5, 2**63 - 1]

# Steps after a seed: a number n is normal_(0, 1) over n elements.
SCRIPTS = {
    # Every small size from one stream, so that the value cached by the odd ones leaks on.
    "sizes": [(s, list(range(1, 41))) for s in SEEDS[1:3]],
    "seeds": [(s, [1, 5, 18]) for s in SEEDS],
    "six_by_three": [(123, [18])],
    "mixed": [(s, [3, 1000, 1, 5, 18, 7, 623, 15, 16, 17, 1, 1, 1, 4095, 4096, 4097, 2]) for s in SEEDS[:1]],
    "mean_and_std": [
        (
            123,
            [
                ("normal", 1000, 0.5, 2.0),
                ("normal", 7, 0.1, 0.02),
                ("normal", 33, 0.1, 0.02),
                ("normal", 4, -3.0, 1e-3),
                ("normal", 20, 5.0, 0.0),
                ("normal", 128000, 0.1, 0.02),
            ],
        )
    ],
    "uniform": [
        (
            123,
            [
                ("uniform", 1, 0.0, 1.0),
                ("uniform", 40, 0.0, 1.0),
                3,
                ("uniform", 40, -0.1, 0.3),
                ("uniform", 17, -1e-30, 2e-30),
                ("uniform", 3, 2.0, 2.0),
                2,
                ("uniform", 128000, -0.05, 0.05),
                ("uniform", 10000, 1000000.0, 1000001.0),
            ],
        )
    ],
    "large": [(s, [128000]) for s in SEEDS],
    # nn.Embedding(50257, 256), then nn.Embedding(4, 256): a fresh layer is normal_(0, 1).
    "embeddings": [(123, [50257 * 256, 4 * 256])],
}


def digits(floats):
    return floats.numpy().astype(">f4").tobytes().hex()


def line(name, n, a, b):
    tensor = torch.empty(n)
    getattr(tensor, name + "_")(a, b)
    head = f"{name} {n} {a!r} {b!r} "
    if n <= 40:
        return head + "bits " + digits(tensor)
    digest = hashlib.sha256(tensor.numpy().astype("<f4").tobytes()).hexdigest()
    return head + f"sha256 {digest} {digits(tensor[:16])} {digits(tensor[-32:])}"


def main():
    capability = torch.__config__.show().split("CPU capability usage: ")[1].split("\n")[0]
    assert capability == ("NO AVX" if DEFAULT else "AVX2"), capability
    lines = [f"# PyTorch {torch.__version__}, CPU capability {capability}; made by init.py"]
    for title, runs in SCRIPTS.items():
        lines.append(f"# {title}")
        for seed, steps in runs:
            torch.manual_seed(seed)
            lines.append(f"seed {seed}")
            for step in steps:
                lines.append(line(*step) if isinstance(step, tuple) else line("normal", step, 0.0, 1.0))
            lines.append("state sha256 " + hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest())
    name = "init_default.txt" if DEFAULT else "init_avx2.txt"
    (HERE / name).write_text("\n".join(lines) + "\n")


main()
