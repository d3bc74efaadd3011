"""The first report, the second, three languages, the week, the import: whole processes, wall time.

Yardstick: QuantStats' HTML report of one name from the same prices, in the same run and turn by turn. The
aims are of issue 2: 6 s, 3 s, 6 s, 1.5 s, 0.3 s where QuantStats took 2.6 s; on another machine read the ratio.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
BIN = Path(sys.executable).parent
ALL = "html,pdf,md,json"
QUANTSTATS = """
import csv, warnings
warnings.simplefilter("ignore")
import matplotlib
matplotlib.use("Agg")
import pandas as pd
import quantstats as qs
rows = list(csv.DictReader(open({closes!r})))
days = pd.to_datetime([row["session"] for row in rows])
price = pd.Series([float(row["MARA"]) for row in rows], index=days, name="MARA")
bench = pd.Series([float(row["SPY"]) for row in rows], index=days, name="SPY")
qs.reports.html(price.pct_change().dropna(), bench.pct_change().dropna(), output={out!r}, title="MARA")
"""


def _seconds(words: list[str], archive: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        words,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "MINERDESK_ARCHIVE": str(archive)},
    )
    return time.perf_counter() - began


def _report(folder: Path, languages: str) -> list[str]:
    desk = str(BIN / "minerdesk")
    out = str(folder / "out")
    return [desk, "report", "--ending", "2025-12-05", "--lang", languages, "--format", ALL, "--out", out]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / "archive"
        closes = str(Path(__file__).parents[1] / "src/minerdesk/embedded/closes.csv")
        script = QUANTSTATS.format(closes=closes, out=str(folder / "tearsheet.html"))
        peer = [sys.executable, "-c", script]

        def fresh() -> float:
            shutil.rmtree(archive, ignore_errors=True)
            return _seconds(_report(folder, "en"), archive)

        def unasked() -> float:
            shutil.rmtree(archive / "answers", ignore_errors=True)
            return _seconds([str(BIN / "minerdesk"), "week", "--ending", "2025-12-05"], archive)

        tasks = {
            "QuantStats, HTML of one name": lambda: _seconds(peer, archive),
            "first report, one language, four formats": fresh,
            "second report, one language, four formats": lambda: _seconds(_report(folder, "en"), archive),
            "three languages, four formats": lambda: _seconds(_report(folder, "en,ar,zh"), archive),
            "minerdesk week, asked for the first time": unasked,
            "minerdesk week, asked again": lambda: _seconds(
                [str(BIN / "minerdesk"), "week", "--ending", "2025-12-05"], archive
            ),
            "import minerdesk": lambda: _seconds([sys.executable, "-c", "import minerdesk"], archive),
        }
        taken: dict[str, list[float]] = {task: [] for task in tasks}
        for run in range(RUNS + 1):
            for task, measure in tasks.items():
                seconds = measure()
                if run:  # the first turn warms the disk
                    taken[task].append(seconds)
        yardstick = statistics.median(taken["QuantStats, HTML of one name"])
        sys.stdout.write(f"{RUNS} turns after a warm-up, wall seconds\n")
        for task, seconds_of in taken.items():
            middle = statistics.median(seconds_of)
            sys.stdout.write(
                f"{task:44} median {middle:6.2f}  min {min(seconds_of):6.2f}  max {max(seconds_of):6.2f}"
                f"  ratio {middle / yardstick:5.2f}\n"
            )


if __name__ == "__main__":
    main()
