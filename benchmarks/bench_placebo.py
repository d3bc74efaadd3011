"""A placebo of 100,000 random events over the miners: ours, a loop over statsmodels, and `eventstudy`; one run.

    python benchmarks/bench_placebo.py [--events 100000] [--loop 5000] [--eventstudy PYTHON]

Needs the large price data beside the checkout and statsmodels. The loop is timed over ``--loop`` of the events
and scaled to all of them (``--loop 0`` runs all). Ours studies each possible event once and looks the drawn ones
up, so the ratio for each different event stands beside the ratio for the drawn ones. `eventstudy` (0.1a12) is
asked with the path of a Python that has it; it takes one factor and one event at a time, refuses names without
a full estimation window, and is scaled likewise.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

# one thread for all: BLAS threads only get in the way of regressions this small
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import statsmodels.api as sm

from minerdesk.models.event_panel import random_events, study_grid
from minerdesk.models.event_study import ESTIMATION, align

WINDOW = (-1, 1)
ROOT = Path(__file__).resolve().parents[1]

#: What the other package is given: one factor, CAR over the window, its model on 120 sessions ending at -11.
THEIRS = """
import sys, time, json
import numpy as np
import eventstudy as es
from statsmodels.tools.sm_exceptions import MissingDataError
days = np.loadtxt("dates.txt", dtype="datetime64[D]")
es.Single.import_returns("returns.csv")
jobs = json.load(open("jobs.json"))
began, failed, cars = time.perf_counter(), 0, []
for name, row in jobs:
    try:
        one = es.Single.market_model(security_ticker=name, market_ticker="BTC", event_date=days[row],
                                     event_window=(-1, 1), estimation_size=120, buffer_size=10)
        cars.append(float(one.CAR[-1]))
    except (es.exception.DataMissingError, MissingDataError):
        failed += 1
print(json.dumps({"seconds": time.perf_counter() - began, "failed": failed, "cars": cars}))
"""


def tests_world() -> ModuleType:
    """The reader of the large data that the tests use."""
    path = ROOT / "tests" / "events" / "conftest.py"
    spec = importlib.util.spec_from_file_location("events_world", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["events_world"] = module
    spec.loader.exec_module(module)
    return module


def loop(aligned, rows, names):
    """The same events one by one with statsmodels: OLS, forecast, CAR and its error."""
    cars, errors = np.empty(len(rows)), np.empty(len(rows))
    for i, (at, name) in enumerate(zip(rows, names, strict=True)):
        start = max(at + ESTIMATION[0], 0)
        y = aligned.returns[start : at + ESTIMATION[1] + 1, name]
        X = aligned.factors[start : at + ESTIMATION[1] + 1, name]
        use = aligned.usable[start : at + ESTIMATION[1] + 1, name]
        fit = sm.OLS(y[use], np.column_stack([np.ones(use.sum()), X[use]])).fit()
        window = slice(at + WINDOW[0], at + WINDOW[1] + 1)
        new = np.column_stack([np.ones(3), aligned.factors[window, name]])
        cars[i] = (aligned.returns[window, name] - fit.predict(new)).sum()
        x = new.sum(axis=0)
        errors[i] = np.sqrt(3 * fit.mse_resid + x @ fit.cov_params() @ x)
    return cars, errors


def other_package(python: str, world, rows, names) -> dict:
    """Time `eventstudy` on the same events with Bitcoin as its one factor."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        daily = np.full_like(world.prices, np.nan)
        daily[1:] = np.log(world.prices[1:] / world.prices[:-1])
        table = np.column_stack([daily, world.factors[:, 0, 0]])
        lines = [",".join(["date", *world.names, "BTC"])]
        lines += [
            ",".join([str(day), *(f"{v:.17g}" for v in line)])
            for day, line in zip(world.sessions, table, strict=True)
        ]
        (place / "returns.csv").write_text("\n".join(lines) + "\n")
        (place / "dates.txt").write_text("\n".join(map(str, world.sessions)) + "\n")
        jobs = [(world.names[j], int(i)) for i, j in zip(rows, names, strict=True)]
        (place / "jobs.json").write_text(json.dumps(jobs))
        (place / "theirs.py").write_text(THEIRS)
        ran = subprocess.run(
            [python, "theirs.py"], cwd=place, capture_output=True, text=True, check=False, timeout=1800
        )
        if ran.returncode != 0:
            return {"error": ran.stderr.strip().splitlines()[-1]}
        return json.loads(ran.stdout.splitlines()[-1])


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--events", type=int, default=100_000)
    arguments.add_argument("--loop", type=int, default=5_000)
    arguments.add_argument("--eventstudy", default="")
    chosen, _ = arguments.parse_known_args()
    reader = tests_world()
    if not reader.EQUITIES.is_dir():
        print("the large price data is absent beside the checkout: nothing measured")
        return
    world = reader.load_equities()
    aligned = align(world.prices, world.factors)
    count = chosen.events

    best = np.inf
    for _ in range(5):
        rng = np.random.default_rng(0)
        began = time.perf_counter()
        grid = study_grid(aligned, *WINDOW)
        rows, names = random_events(grid, rng, count)
        cars, errors = grid.car[rows, names], grid.standard_error[rows, names]
        best = min(best, time.perf_counter() - began)
    possible = int(np.isfinite(grid.car).sum())
    print(f"{len(world.names)} names, {len(world.sessions)} sessions, {possible:,} possible events")
    print(
        f"ours: {count:,} events in {best:.3f} s, best of 5 ({best / possible * 1e6:.1f} us a different event)"
    )

    few = chosen.loop or count
    began = time.perf_counter()
    their_cars, their_errors = loop(aligned, rows[:few], names[:few])
    each = (time.perf_counter() - began) / few
    gap = max(np.abs(their_cars - cars[:few]).max(), np.abs(their_errors / errors[:few] - 1).max())
    print(f"statsmodels loop: {few:,} events timed, {each * 1e6:.0f} us each, {each * count:.0f} s for all")
    print(f"  ratio {each * count / best:.0f} ({each * possible / best:.0f} a different event); ", end="")
    print(f"largest difference of CAR and error {gap:.1e}")

    if chosen.eventstudy:
        few = min(few, 1_000)
        found = other_package(chosen.eventstudy, world, rows[:few], names[:few])
        if "error" in found:
            print(f"eventstudy: does not run: {found['error']}")
            return
        each = found["seconds"] / (few - found["failed"])
        print(
            f"eventstudy, one factor: {few:,} events timed, {found['failed']} refused, {each * 1e6:.0f} us each"
        )
        print(f"  ratio {each * count / best:.0f} ({each * possible / best:.0f} a different event)")


if __name__ == "__main__":
    main()
