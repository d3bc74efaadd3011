"""Compares `week.awk` (stdin) with answers/week_END.json.

python answers/working/compare.py 2025-12-05 < awk.out
"""

import json
import sys
from pathlib import Path

values = json.loads((Path(__file__).parents[1] / f"week_{sys.argv[1]}.json").read_text())["values"]
worst = 0.0
for line in sys.stdin:
    key, text = line.split()
    found = values
    for part in key.split("."):
        found = found[part]
    gap = abs(found - float(text)) / max(abs(found), 1e-3)
    worst = max(worst, gap)
    print(f"{key:60s} {found!r:>22} {text:>22} {gap:.1e}")
print(f"largest relative difference {worst:.1e}")
sys.exit(worst > 1e-11)
