"""The class of the machine: what its processor can execute. Floors, reference rates and proofs are kept by it.

Nothing but Python's standard library.
"""

import os
import platform
import re
from pathlib import Path

_V4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
# The feature levels of the x86-64 ABI and the matrix units above them, the highest first, by what /proc/cpuinfo calls their flags.
LEVELS = [
    ("AMX", {"amx_tile", "amx_bf16", "avx512f", "avx512vl"}),
    ("AVX512-BF16", {"avx512_bf16", *_V4}),
    ("x86-64-v4", _V4),
    ("x86-64-v3", {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}),
]
LIMIT = "STRIKEFORGE_INSTRUCTION_SET"
_LIMITS = {"baseline": ["baseline"], "v3": ["x86-64-v3"], "v4": ["x86-64-v4", "x86-64-v3"]}


def field(name):
    """What /proc/cpuinfo says of the first core, or nothing."""
    try:
        information = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
    found = re.search(rf"^{name}\s*:\s*(.*)$", information, re.MULTILINE)
    return found[1] if found else ""


def processor():
    """The processor's name without what its maker adds, fit for a cell of a table."""
    return re.sub(r"\((R|TM)\)| CPU| Processor| @.*|[,|]", "", field("model name")).strip() or "unknown processor"


def level(limited=False, among=None):
    """The highest class that the processor is of. limited: what our kernels are told to keep to; among: only these classes."""
    if platform.machine() != "x86_64":
        return platform.machine()
    flags = set(field("flags").split())
    asked = _LIMITS.get(os.environ.get(LIMIT)) if limited else None
    return next(
        (name for name, needed in LEVELS if needed <= flags and name in (asked or [name]) and name in (among or [name])), "baseline")


def has_avx512():
    return platform.machine() == "x86_64" and _V4 <= set(field("flags").split())
