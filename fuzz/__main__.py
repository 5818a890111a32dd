"""Fuzzing by coverage (atheris): `tox run -e fuzz`, ten minutes in all, or `tox run -e fuzz -- --seconds 10`.

Each target begins with its corpus in fuzz/corpus. Of what reaches something new the smallest inputs are
kept there, while there are few. An input that fails is left as fuzz/crash-*; to play it again:
`python -m fuzz TARGET FILE`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]

HERE = Path(__file__).parent
LONGEST = 4096
MOST_FILES = 25

with atheris.instrument_imports(include=["scache"]):
    from fuzz.targets import TARGETS


def _fuzz(name: str, seconds: int) -> int:
    """One target in a process of its own, as libFuzzer ends the one it is in; its exit status."""
    corpus = HERE / "corpus" / name
    limits = f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10"
    print(f"{name}: {seconds} s", flush=True)
    with tempfile.TemporaryDirectory() as found:
        words = [name, *limits, f"-artifact_prefix={HERE}/", found, str(corpus)]
        status = subprocess.run([sys.executable, "-m", "fuzz", *words]).returncode
        room = MOST_FILES - len(list(corpus.iterdir()))
        for file in sorted(Path(found).iterdir(), key=lambda file: file.stat().st_size)[: max(room, 0)]:
            shutil.copy(file, corpus)
    return status


def main(words: list[str]) -> int:
    """All targets in turn; with a target's name, that one with libFuzzer's options."""
    if words and words[0] in TARGETS:
        atheris.Setup(words, TARGETS[words[0]])
        atheris.Fuzz()
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("--seconds", type=int, default=150, help="for each target (default: %(default)s)")
    seconds = parser.parse_args(words).seconds
    return max([_fuzz(name, seconds) for name in TARGETS])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
