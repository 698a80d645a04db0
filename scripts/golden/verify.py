# Makes golden files again in a temporary folder and compares them, number by number, with the committed ones.
"""Run: scripts/golden/verify, which sets up the packages first.

Every committed file says in its provenance which command made it. The commands run on a copy of this folder, which writes beside itself;
nothing in the repository changes.

How numbers are compared: the nearest enclosing `tolerance` is absolute; `relative_tolerance` (or relativeTolerance) is a share of the
largest magnitude of the list that the number stands in, or of the number itself. Numbers with neither are what the comparison starts from
(parameters, rollouts, prices): they may differ by a millionth of their list's largest magnitude, which is float32 rounding. Whole numbers, words
and flags must be the same. Tolerances are measured on the machine that makes the file: they may change tenfold. Versions of tools
are shown where they differ, and do not count.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = pathlib.Path("Tests/Fixtures/Golden")
ROUNDING = 1e-6  # of the largest magnitude, for numbers without a tolerance
MEASURED = ("tolerance", "relative_tolerance", "relativeTolerance", "agreement")
SHOWN = 5


class Comparison:
    """What differs between two files: `problems` counts against them, `notes` does not."""

    def __init__(self):
        self.problems, self.notes = [], []
        self.numbers = self.moved = 0
        self.worst = (0.0, "")

    def walk(self, path, old, new, absolute=None, relative=None):
        if isinstance(old, dict) and isinstance(new, dict):
            for key in [*old, *(key for key in new if key not in old)]:
                place = f"{path}.{key}" if path else key
                if key not in old or key not in new:
                    self.problems.append(f"{place}: only in the {'committed' if key in old else 'new'} file")
                elif path == "provenance" and key not in ("command", "seed", "inside", "reference"):
                    self.note(place, old[key], new[key])
                elif key in MEASURED and path != "provenance":
                    self.measure(place, old[key], new[key])
                else:
                    tolerance = old.get("tolerance")
                    share = old.get("relative_tolerance", old.get("relativeTolerance"))
                    if isinstance(tolerance, (int, float)):
                        self.walk(place, old[key], new[key], absolute=tolerance)
                    elif isinstance(share, (int, float)):
                        self.walk(place, old[key], new[key], relative=share)
                    else:
                        self.walk(place, old[key], new[key], absolute, relative)
        elif isinstance(old, list) and isinstance(new, list):
            if len(old) != len(new):
                self.problems.append(f"{path}: {len(old)} entries, now {len(new)}")
                return
            sizes = [abs(entry) for entry in old if is_number(entry)]
            for index, (one, other) in enumerate(zip(old, new)):
                self.entry(f"{path}[{index}]", one, other, absolute, relative, max(sizes, default=0.0))
        else:
            self.entry(path, old, new, absolute, relative, abs(old) if is_number(old) else 0.0)

    def entry(self, path, old, new, absolute, relative, size):
        if isinstance(old, (dict, list)):
            if type(old) is not type(new):
                self.problems.append(f"{path}: another kind of value")
            else:
                self.walk(path, old, new, absolute, relative)
            return
        self.numbers += is_number(old)
        if old == new:
            return
        # A whole float is written like an integer: with a tolerance both are measured.
        both = is_number(old) and is_number(new)
        whole = isinstance(old, int) and isinstance(new, int) and absolute is None and relative is None
        if not both or whole:
            self.problems.append(f"{path}: {old!r}, now {new!r}")
            return
        self.moved += 1
        tolerance = absolute if absolute is not None else (relative if relative is not None else ROUNDING) * size
        share = abs(new - old) / tolerance if tolerance else float("inf")
        if not share <= self.worst[0]:
            self.worst = (share, path)
        if not share <= 1:
            self.problems.append(f"{path}: {old!r}, now {new!r}, error {abs(new - old):.2e}, tolerance {tolerance:.2e}")

    def measure(self, path, old, new):
        if old == new:
            return
        if path.endswith("agreement") or not (is_number(old) and is_number(new)):
            self.note(path, old, new)
        elif not 0.1 * old <= new <= 10 * old:
            self.problems.append(f"{path}: {old!r}, now {new!r}: more than tenfold")
        else:
            self.note(path, old, new)

    def note(self, path, old, new):
        if old != new:
            self.notes.append(f"{path}: {old!r}, now {new!r}")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def command_of(path):
    words = json.loads(path.read_text())["provenance"]["command"].split()
    script = pathlib.PurePosixPath(words[1])
    if words[0] != "python" or script.parent != pathlib.PurePosixPath("scripts/golden"):
        raise ValueError(f"{path.name}: its provenance has no command of this folder: {' '.join(words)}")
    return tuple(words[1:])


def remake(folder, commands):
    """Runs the commands; what a failed one said, by command."""
    shutil.copytree(ROOT / "scripts/golden", folder / "scripts/golden", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / FIXTURES).mkdir(parents=True)

    def run(command):
        print("== python", *command, flush=True)
        done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
        return command, None if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return {command: said for command, said in pool.map(run, commands) if said is not None}


def judge(name, committed, made, failure):
    """Prints one file's verdict; whether it is equal."""
    if failure is not None or not made.exists():
        print(f"{name}: NOT MADE: {failure or 'its command wrote no such file'}")
        return False
    if committed.read_bytes() == made.read_bytes():
        print(f"{name}: equal to the byte")
        return True
    comparison = Comparison()
    comparison.walk("", json.loads(committed.read_text()), json.loads(made.read_text()))
    moved = f"{comparison.moved} of {comparison.numbers} numbers differ"
    if comparison.moved:
        moved += f", at most {comparison.worst[0]:.2g} tolerances ({comparison.worst[1]})"
    verdict = "DIFFERENT" if comparison.problems else "equal within tolerances"
    print(f"{name}: {verdict}; {moved}; {len(comparison.notes)} notes")
    for line in comparison.problems[:SHOWN]:
        print(f"  {line[:200]}")
    if len(comparison.problems) > SHOWN:
        print(f"  and {len(comparison.problems) - SHOWN} more")
    for line in comparison.notes[:SHOWN]:
        print(f"  note: {line[:200]}")
    return not comparison.problems


def main():
    files = {path.stem: path for path in sorted((ROOT / FIXTURES).glob("*.json"))}
    for name in sys.argv[1:]:
        if name not in files:
            print(f"verify: there is no golden file {name}; there are {', '.join(files)}", file=sys.stderr)
            return 64
    chosen = {name: files[name] for name in sys.argv[1:] or files}
    commands = {name: command_of(path) for name, path in chosen.items()}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        failures = remake(folder, dict.fromkeys(commands.values()))
        equal = [judge(name, path, folder / FIXTURES / path.name, failures.get(commands[name])) for name, path in chosen.items()]
    print(f"{sum(equal)} of {len(equal)} files equal")
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
