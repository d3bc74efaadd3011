"""List the texts that the report and the terminal say, as a PO template on standard output.

A text is a literal in ``_("...")`` or in a call of the words themselves (``say("...")``); two literals in
``counted`` or ``plural`` are a singular and a plural.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PRESENT = Path(__file__).parents[1] / "src" / "minerdesk" / "present"
CALLED = {"_", "say", "words", "sentence", "says", "note"}
PLURAL = {"counted", "plural"}


def texts(source: str) -> Iterator[tuple[str, ...]]:
    """Texts of a module: one string each, or (singular, plural)."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        literals = [text for arg in node.args if (text := _literal(arg))]
        if name in PLURAL and len(literals) >= 2:
            yield literals[0], literals[1]
        elif name in CALLED and literals:
            yield (literals[0],)


def _literal(node: ast.expr) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
        return _literal(node.args[0])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def collect() -> list[tuple[str, ...]]:
    """All texts of the presentation, each once; a plural hides its singular alone."""
    found = {t for path in sorted(PRESENT.rglob("*.py")) for t in texts(path.read_text(encoding="utf-8"))}
    plurals = {text for pair in found if len(pair) == 2 for text in pair}
    return sorted(t for t in found if len(t) == 2 or t[0] not in plurals)


if __name__ == "__main__":
    for text in collect():
        sys.stdout.write(" | ".join(text) + "\n")
