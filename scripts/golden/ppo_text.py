# How golden numbers are written: shortest decimals, one line a field, and a birth certificate.

import importlib.metadata
import platform
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "Golden"


class Number(str):
    """A number already written as text."""


def text(value):
    """The shortest decimal that gives the same bits: as float32 when read as a double and rounded, if `value` is a float32
    exactly, and as a double otherwise. Whole numbers and flags are written as integers."""
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return Number(int(value))
    single = np.float32(value)
    if float(single) != float(value):
        return Number(repr(float(value)))
    short = np.format_float_scientific(single, unique=True, trim="-")
    if 1e-4 <= abs(single) < 1e7 or single == 0:
        short = np.format_float_positional(single, unique=True, trim="-")
    assert np.float32(float(short)).tobytes() == single.tobytes(), short
    return Number(short)


def provenance(command, seed, reference, inside):
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "torch", "gymnasium", "stable-baselines3", "sb3-contrib")}
    return {
        "reference": reference,
        "versions": {"python": platform.python_version()} | versions,
        "seed": seed,
        "command": "python scripts/golden/" + command,
        "inside": inside,
    }


def encode(value, indent=0):
    """JSON with objects spread over lines and arrays on one."""
    if isinstance(value, dict):
        if not value:
            return "{}"
        pad = "  " * (indent + 1)
        fields = [f'{pad}"{key}": {encode(entry, indent + 1)}' for key, entry in value.items()]
        return "{\n" + ",\n".join(fields) + "\n" + "  " * indent + "}"
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            pad = "  " * (indent + 1)
            return "[\n" + ",\n".join(pad + encode(entry) for entry in value) + "\n" + "  " * indent + "]"
        return "[" + ",".join(encode(entry) for entry in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def write(path, document):
    FOLDER.mkdir(parents=True, exist_ok=True)
    target = FOLDER / path
    target.write_text(encode(document) + "\n")
    size = target.stat().st_size
    assert size < 400_000, f"{target.name} has {size} bytes"
