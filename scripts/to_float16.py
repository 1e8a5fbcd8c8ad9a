"""Copies a safetensors file with its float32 tensors in float16, half the size; other tensors stay as they are.

    python3 scripts/to_float16.py model.safetensors copy.safetensors

Standard library only. Ends with status 1 and one line where the file is none, or a weight is out of float16's range.
"""
import array
import json
import struct
import sys

CHUNK = 1 << 20  # weights at a time


def halved(data):
    weights = array.array("f")
    weights.frombytes(data)
    if sys.byteorder == "big":
        weights.byteswap()
    return b"".join(struct.pack(f"<{len(part)}e", *part) for part in (weights[at:at + CHUNK] for at in range(0, len(weights), CHUNK)))


def main(source, copy):
    with open(source, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = file.read()
    parts, place, name = [], 0, ""
    try:
        for name, tensor in header.items():
            if name == "__metadata__":
                continue
            begin, end = tensor["data_offsets"]
            part = data[begin:end]
            if tensor["dtype"] == "F32":
                part, tensor["dtype"] = halved(part), "F16"
            tensor["data_offsets"] = [place, place + len(part)]
            parts.append(part)
            place += len(part)
    except OverflowError:
        sys.exit(f"to_float16: {source}: {name}: a weight is out of float16's range, 65504 at most")
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(copy, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            file.write(part)


if len(sys.argv) != 3:
    sys.exit(__doc__)
try:
    main(sys.argv[1], sys.argv[2])
except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
    sys.exit(f"to_float16: {sys.argv[1]}: no safetensors file: {error}")
