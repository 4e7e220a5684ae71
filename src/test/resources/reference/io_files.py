"""Makes the reference files of the tests of dev.embedcl.io, in the folder io beside this script.

NumPy files are NumPy's own. Safetensors files are made here with struct and json alone, from the
format's published description, so that they are independent of the code under test.

    python3 io_files.py          (made with NumPy 1.24.2)
    python3 io_files.py FILE...  checks safetensors and NumPy files of other make and lists them
"""

import json
import os
import struct
import sys

import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "io")

# In the order in which tensors are laid out: wide elements first.
TYPES = {
    "I64": "<i8", "F64": "<f8", "F32": "<f4", "I32": "<i4", "BF16": "<u2", "F16": "<f2",
    "I16": "<i2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}


def sample(descr):
    """Six values with the ends of the range among them."""
    dtype = np.dtype(descr)
    if dtype.kind == "f":
        largest = np.finfo(dtype).max
        values = [0.0, -1.5, 0.1, largest, -np.inf, np.nan]
    elif dtype.kind == "b":
        values = [True, False, True, True, False, False]
    else:
        limits = np.iinfo(dtype)
        values = [0, 1, 2, 100, limits.max, limits.min]
    return np.array(values, dtype=dtype).reshape(2, 3)


def safetensors(name, tensors, metadata=None, pad=True):
    """tensors: (name, dtype, shape, bytes) in the order of their data."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for tensor, dtype, shape, raw in tensors:
        header[tensor] = {
            "dtype": dtype,
            "shape": list(shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    if pad:
        text += b" " * (-len(text) % 8)
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def npy(name, array, version=None):
    with open(os.path.join(HERE, name), "wb") as file:
        if version is None:
            np.save(file, array)
        else:
            np.lib.format.write_array(file, array, version=version)


def make():
    os.makedirs(HERE, exist_ok=True)
    safetensors(
        "all_types.safetensors",
        [(f"tensor {t}", t, (2, 3), sample(d).tobytes()) for t, d in TYPES.items()],
        {"": "no key", "a": "zwölf ☕ 𝄞", "seed": "123", "text": "line\nline \"quoted\" \\ / \t"},
    )
    f32 = np.arange(6, dtype="<f4")
    safetensors(
        "shapes.safetensors",
        [
            ("", "F32", (1,), f32[:1].tobytes()),
            ("empty", "F32", (0, 4), b""),
            ("empty too", "F32", (3, 0), b""),
            ("scalar", "F32", (), f32[5:].tobytes()),
            ("wide", "F32", (1, 1, 6, 1), f32.tobytes()),
        ],
    )
    # As files were before the format ordered tensors by width: every wide tensor is misaligned.
    safetensors(
        "misaligned.safetensors",
        [
            ("a", "U8", (3,), bytes([7, 8, 9])),
            ("b", "F32", (6,), f32.tobytes()),
            ("c", "I64", (2,), struct.pack("<2q", -(2**63), 2**63 - 1)),
        ],
        pad=False,
    )
    safetensors(
        "foreign_types.safetensors",
        [
            ("u64", "U64", (1,), b"\xff" * 8),
            ("u32", "U32", (2,), b"\xff" * 8),
            ("f32", "F32", (6,), f32.tobytes()),
            ("u16", "U16", (1,), b"\xff\xff"),
            ("f8", "F8_E4M3", (2,), b"\x38\x40"),
        ],
    )
    safetensors("no_tensors.safetensors", [])

    for dtype, descr in TYPES.items():
        if dtype != "BF16":
            npy(f"{dtype.lower()}.npy", sample(descr))
    npy("scalar.npy", np.array(2.5, dtype="<f4"))
    npy("vector.npy", np.arange(5, dtype="<i4"))
    npy("empty.npy", np.zeros((0, 3), dtype="<f4"))
    npy("rank_32.npy", np.arange(2, dtype="<f4").reshape((2,) + (1,) * 31))
    npy("long_first_size.npy", np.zeros((12345678901, 0), dtype="<f4"))
    npy("version_2.npy", sample("<f4"), (2, 0))
    npy("version_3.npy", sample("<f4"), (3, 0))
    for descr in [">f8", ">f4", ">f2", ">i8", ">i4", ">i2"]:
        npy(f"big_endian_{descr[1:]}.npy", sample(descr))
    npy("fortran.npy", np.asfortranarray(sample("<f4")))
    npy("structured.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
    npy("complex.npy", np.zeros(2, dtype="<c8"))
    npy("unicode.npy", np.array(["a", "b"]))
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }".ljust(117) + b"\n"
    with open(os.path.join(HERE, "python_2.npy"), "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header + sample("<f4").tobytes())


def check(path):
    if path.endswith(".npy"):
        array = np.load(path)
        print(path, array.dtype.str, array.shape)
        return
    with open(path, "rb") as file:
        raw = file.read()
    (length,) = struct.unpack("<Q", raw[:8])
    assert length % 8 == 0 and raw[8:9] == b"{", path
    header = json.loads(raw[8 : 8 + length].decode("utf-8"))
    print(path, header.pop("__metadata__", {}))
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        start, stop = entry["data_offsets"]
        width = np.dtype(TYPES[entry["dtype"]]).itemsize
        assert start == end and (8 + length + start) % width == 0, name
        assert stop - start == int(np.prod(entry["shape"], dtype=object)) * width, name
        end = stop
        print(" ", name, entry["dtype"], entry["shape"])
    assert 8 + length + end == len(raw), path


if __name__ == "__main__":
    if len(sys.argv) > 1:
        for each in sys.argv[1:]:
            check(each)
    else:
        make()
