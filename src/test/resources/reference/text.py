"""Writes text_embeddings.bin: the input embeddings of text.txt by real PyTorch, from its GPT-2 ids.

    torch.manual_seed(123)
    tokens = nn.Embedding(50257, 256); positions = nn.Embedding(4, 256)
    out = tokens(ids) + positions(arange(4))

float32, little-endian, [14, 4, 256]. The ids are those of text.txt in windows of 4; a test compares them with the tokenizer's.
"""

import pathlib

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent

IDS = [
    [32, 11241, 13642, 379],
    [262, 3420, 286, 262],
    [3084, 13, 366, 13828],
    [5752, 318, 6164, 1701],
    [340, 1965, 13, 198],
    [1, 464, 530, 351],
    [534, 1271, 319, 340],
    [1600, 531, 262, 3084],
    [11, 366, 392, 2000],
    [262, 2292, 25, 16958],
    [2058, 717, 3011, 262],
    [717, 15879, 11, 319],
    [790, 3335, 11, 284],
    [262, 938, 1643, 526],
]

if __name__ == "__main__":
    torch.manual_seed(123)
    tokens = nn.Embedding(50257, 256)
    positions = nn.Embedding(4, 256)
    out = tokens(torch.tensor(IDS)) + positions(torch.arange(4))
    (HERE / "text_embeddings.bin").write_bytes(out.detach().contiguous().numpy().astype("<f4").tobytes())
