"""Run all benchmarks: each prints its own ratios against a named peer, measured in the same run."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(wanted: list[str]) -> None:
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("bench_") and (not wanted or module.name.removeprefix("bench_") in wanted):
            sys.stdout.write(f"\n== {module.name.removeprefix('bench_')} ==\n")
            sys.stdout.flush()
            importlib.import_module(f"benchmarks.{module.name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
