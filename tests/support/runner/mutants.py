"""Run mutmut on a sample of each module's mutants, the same sample each time, and print how many the tests notice.

`make mutants SAMPLE=60` calls this from the folder of the project.
"""

import argparse
import hashlib
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

MUTMUT = str(Path(sys.executable).with_name("mutmut"))
FIRST = "trackside.core.names.x_shown__mutmut_1"  # mutmut makes all mutants before it runs the first
SEED = 10  # of the order in which mutants are drawn
AT_ONCE = 200  # mutmut uses names as patterns, and Python keeps 256 compiled patterns
NOT_COUNTED = {"no tests", "not checked", "skipped", "caught by type check"}
NOT_NOTICED = {"survived", "suspicious"}


def drawn(mutants: Iterable[str], size: int) -> list[str]:
    """Return up to `size` mutants of each module.  The rank of a mutant depends on its name alone."""
    by_module = defaultdict(list)
    for mutant in sorted(mutants, key=_rank):
        by_module[_module(mutant)].append(mutant)
    return [mutant for module in sorted(by_module) for mutant in by_module[module][:size]]


def report(statuses: Mapping[str, str], sample: Sequence[str]) -> list[str]:
    """Return a line for each module, and one for each survivor."""
    lines = []
    for module in sorted(set(map(_module, sample))):
        tested = [each for each in sample if _module(each) == module and statuses[each] not in NOT_COUNTED]
        noticed = sum(statuses[each] not in NOT_NOTICED for each in tested)
        made = sum(_module(each) == module for each in statuses)
        lines.append(f"{module}: {made} mutants, {len(tested)} tested, {noticed} noticed")
    return lines + [f"survived: {each}" for each in sample if statuses[each] in NOT_NOTICED]


def _module(mutant: str) -> str:
    return mutant.rpartition(".")[0]


def _rank(mutant: str) -> bytes:
    return hashlib.sha256(f"{SEED} {mutant}".encode()).digest()


def _run(mutants: Sequence[str], jobs: int) -> None:
    subprocess.run([MUTMUT, "run", "--max-children", str(jobs), *mutants], check=True)


def _statuses() -> dict[str, str]:
    listed = subprocess.run([MUTMUT, "results", "--all", "true"], check=True, capture_output=True, text=True).stdout
    return {name: status for name, _, status in (line.strip().partition(": ") for line in listed.splitlines())}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sample", type=int, required=True, metavar="N", help="mutants of each module")
    arguments.add_argument("--jobs", type=int, default=2, help="processes")
    arguments.add_argument("patterns", nargs="*", default=["*"], metavar="MUTANTS", help="such as 'trackside.core.*'")
    chosen = arguments.parse_args()

    _run([FIRST], chosen.jobs)
    wanted = (each for each in _statuses() if any(fnmatchcase(each, pattern) for pattern in chosen.patterns))
    sample = drawn(wanted, chosen.sample)
    for start in range(0, len(sample), AT_ONCE):
        _run(sample[start : start + AT_ONCE], chosen.jobs)
    sys.stdout.write("\n".join([*report(_statuses(), sample), ""]))


if __name__ == "__main__":
    main()
