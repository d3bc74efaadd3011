"""Generate the pages of measures and tables from the code; ``--check`` fails where they are out of date."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

import minerdesk.measures
from minerdesk.measures.declare import MEASURES
from minerdesk.store.tables import TABLES
from minerdesk.units import SUFFIXES

DOCS = Path(__file__).parents[1] / "docs"


def measures_page() -> str:
    """Every measure by room: what it is, its unit, what it takes."""
    for module in pkgutil.iter_modules(minerdesk.measures.__path__):
        importlib.import_module(f"minerdesk.measures.{module.name}")
    lines = [
        "# Measures",
        "",
        "Generated from the code (`make docs`). A measure is arithmetic on its arguments; names end in units.",
    ]
    room = ""
    for path, measure in sorted(MEASURES.items()):
        if measure.room != room:
            room = measure.room
            lines += ["", f"## {room}", ""]
        takes = ", ".join(f"`{name}`" for name, _ in measure.inputs)
        lines += [
            f"### `{path}`",
            "",
            f"{measure.summary} Unit: {SUFFIXES[measure.unit]}. Takes {takes}. Definition: {measure.definition}.",
            "",
            "```python",
            inspect.getsource(measure.function).strip().split('"""')[-1].strip(),
            "```",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def tables_page() -> str:
    """Every table of the archive: key and columns."""
    lines = [
        "# Tables of the archive",
        "",
        "Generated from the code (`make docs`). Every row also carries `known_at`, `ref`, `snapshot`, "
        "`snapshot_no` and `locator`.",
    ]
    for spec in TABLES.values():
        lines += [
            "",
            f"## `{spec.name}`",
            "",
            f"{spec.meaning}. Key: {', '.join(f'`{k}`' for k in spec.key)}.",
            "",
        ]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{c.name}` | {c.type} | {c.meaning} |" for c in spec.columns]
    return "\n".join(lines) + "\n"


def main() -> int:
    pages = {"measures.md": measures_page(), "tables.md": tables_page()}
    stale = [n for n, text in pages.items() if not (DOCS / n).is_file() or (DOCS / n).read_text() != text]
    if "--check" in sys.argv:
        for name in stale:
            sys.stderr.write(f"docs/{name} is out of date: make docs\n")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(pages[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
