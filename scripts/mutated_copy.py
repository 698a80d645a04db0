"""The mistakes of scripts/mutations.txt, and a copy of the repository that holds all of them, each behind a switch of its own."""

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "scripts/mutations.txt"
SWITCH, MARK = "STRIKEFORGE_MUTATION", "STRIKEFORGE_MUTATION_MARK"


class Failure(Exception):
    """One sentence for a person."""


@dataclass
class Mutation:
    number: int
    name: str
    words: str
    path: str = ""
    # The line begins behind the first one that holds this.
    behind: str = ""
    before: str = ""
    piece: str = ""
    after: str = ""
    form: str = ""
    judges: list = field(default_factory=list)

    @property
    def room(self):
        return self.path.split("/")[1]

    @property
    def line(self):
        return self.before + self.piece + self.after

    @property
    def mutated(self):
        return (self.before + self.form.lstrip("; ") + self.after).strip() or "(nothing)"

    def switched(self):
        """The line with both forms. A form that begins with a semicolon is a statement, any other an expression."""
        if self.path.endswith(".swift"):
            on = f"mutated_{self.room.replace('-', '_')}({self.number})"
            if self.form.startswith(";"):
                form = self.form[1:].strip()
                choice = f"if {on} {{ {form} }} else {{ {self.piece} }}" if form else f"if !{on} {{ {self.piece} }}"
            else:
                choice = f"({on} ? ({self.form}) : ({self.piece}))"
        else:
            on = f"mutated({self.number})"
            if self.form.startswith(";"):
                choice = f"if ({on}) {{ {self.form[1:].strip()}; }} else {{ {self.piece} }}"
            else:
                choice = f"({on} ? ({self.form}) : ({self.piece}))"
        return self.before + choice + self.after


def mutations():
    """All mistakes of the list, in its order."""
    found, number = [], 0
    for place, text in enumerate(LIST.read_text().splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        if not text.startswith(" "):
            name, _, words = text.partition(": ")
            if not re.fullmatch(r"[a-z0-9-]+", name) or not words or name in [one.name for one in found]:
                raise Failure(f"{LIST}:{place}: not a name of its own and what goes wrong: {text}")
            number += 1
            found.append(Mutation(number, name, words))
            continue
        word, _, rest = text.strip().partition(" ")
        if not found:
            raise Failure(f"{LIST}:{place}: '{word}' before the first name")
        one = found[-1]
        if word == "in":
            one.path = rest
        elif word == "behind":
            one.behind = rest
        elif word == "line":
            parts = re.fullmatch(r"(.*)«(.+)»(.*)", rest)
            if not parts:
                raise Failure(f"{LIST}:{place}: the line shows no piece between « and »")
            one.before, one.piece, one.after = parts.groups()
        elif word == "form":
            one.form = rest
        elif word == "by":
            one.judges = rest.split()
        else:
            raise Failure(f"{LIST}:{place}: '{word}' is none of in, behind, line, form and by")
    for one in found:
        if not (one.path and one.piece and one.form and one.judges):
            raise Failure(f"{LIST}: {one.name} lacks its file, its line, its form or its tests")
    return found


def place_of(mutation, lines):
    """The index of the mutation's line in its file."""
    start = 0
    if mutation.behind:
        start = next((index for index, text in enumerate(lines) if mutation.behind in text), None)
        if start is None:
            raise Failure(f"{mutation.name}: {mutation.path} does not hold '{mutation.behind}' any more; mend scripts/mutations.txt")
    places = [index for index in range(start, len(lines)) if lines[index].strip() == mutation.line.strip()]
    if not places or (len(places) > 1 and not mutation.behind):
        raise Failure(f"{mutation.name}: its line stands {len(places)} times in {mutation.path}, not once; mend scripts/mutations.txt")
    return places[0]


def source(path):
    try:
        return (ROOT / path).read_text().split("\n")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}; mend scripts/mutations.txt") from error


def lost(found):
    """What is wrong with the mistakes whose lines are not in the source as the list has them, by name."""
    reasons = {}
    for one in found:
        try:
            place_of(one, source(one.path))
        except Failure as failure:
            reasons[one.name] = str(failure)
    return reasons


# MARK: the copy

C_HEADER = """// Which mistake is made, asked once.
#pragma once
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
static int mutation_number;
__attribute__((constructor)) static void find_mutation(void) {
  const char *text = getenv("SWITCH");
  mutation_number = text ? atoi(text) : 0;
}
__attribute__((noinline, cold, unused)) static int mark_mutation(void) {
  static int is_marked;
  const char *path = getenv("MARK");
  if (!is_marked && path) close(open(path, O_WRONLY | O_CREAT, 0666));
  is_marked = 1;
  return 1;
}
#define mutated(number) (mutation_number == (number) && mark_mutation())
"""

SWIFT_FILE = """// Which mistake is made, asked once.

private import Glibc

private let number = getenv("SWITCH").flatMap { Int(String(cString: $0)) } ?? 0
private let mark: Void = {
  guard let path = getenv("MARK") else { return }
  close(open(path, O_WRONLY | O_CREAT, 0o666))
}()

@usableFromInline
func mutated_ROOM(_ asked: Int) -> Bool {
  guard asked == number else { return false }
  _ = mark
  return true
}
"""


def named(text, room=""):
    return text.replace("SWITCH", SWITCH).replace("MARK", MARK).replace("ROOM", room.replace("-", "_"))


def tracked():
    """Every tracked file that is there, and a digest of all that are no pages."""
    listing = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True).stdout
    names = [name for name in listing.decode().split("\0") if name and (ROOT / name).is_file()]
    digest = hashlib.sha256()
    for name in sorted(name for name in names if not name.endswith(".md")):
        digest.update(f"{name}\0".encode() + hashlib.sha256((ROOT / name).read_bytes()).digest())
    return names, digest.hexdigest()


def put(path, content):
    """Writes what is not there yet, so that only what changed is compiled."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def make_copy(copy, names, found):
    """The tracked files with all mistakes, each behind its switch."""
    contents = {name: (ROOT / name).read_bytes() for name in names}
    by_file = {}
    for one in found:
        by_file.setdefault(one.path, []).append(one)
    for path, own in by_file.items():
        lines = contents[path].decode().split("\n")
        for one in own:
            index = place_of(one, lines)
            indent = lines[index][: len(lines[index]) - len(lines[index].lstrip())]
            lines[index] = indent + one.switched().strip()
        contents[path] = "\n".join(lines).encode()
    for room in sorted({"/".join(path.split("/")[:2]) for path in by_file}):
        own = [path for path in by_file if path.startswith(room + "/")]
        if any(path.endswith(".swift") for path in own):
            contents[f"{room}/Mutated.swift"] = named(SWIFT_FILE, room.split("/")[1]).encode()
        in_c = [path for path in own if not path.endswith(".swift")]
        if in_c:
            contents[f"{room}/mutated.h"] = named(C_HEADER).encode()
            # What is included, is included by any of them.
            if not all(path.endswith(".c") for path in in_c):
                in_c = [name for name in names if name.startswith(room + "/") and name.endswith(".c")]
            for path in in_c:
                contents[path] = b'#include "mutated.h"\n' + contents[path]
    for name, content in contents.items():
        put(copy / name, content)
        if os.access(ROOT / name, os.X_OK):
            (copy / name).chmod(0o755)
    # What an earlier copy had more.
    for folder in ("Sources", "Tests", "benchmarks"):
        for path in (copy / folder).rglob("*"):
            if path.is_file() and str(path.relative_to(copy)) not in contents:
                path.unlink()
