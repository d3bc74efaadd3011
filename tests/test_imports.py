"""The house's order: who may import whom, and what the first import may cost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from minerdesk.store.archive import Archive

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = ROOT / "pyproject.toml"
#: Loaded when used, never by `import minerdesk`.
HEAVY = {
    "pyarrow", "ibis", "numpy", "pandas", "duckdb", "deltalake", "scipy", "matplotlib", "lxml", "typst",
    "babel", "jinja2", "rich", "typer", "sqlglot", "fontTools",
}  # fmt: skip


def test_import_contract(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(PYPROJECT), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_the_contract_covers_every_room() -> None:
    configured = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(c for c in configured["contracts"] if c["type"] == "layers")
    listed = {
        room.strip(" ()").removeprefix("minerdesk.")
        for layer in layers["layers"]
        for room in layer.split("|")
    }
    folder = ROOT / "src" / "minerdesk"
    rooms = {p.stem for p in folder.glob("*.py")} | {p.parent.name for p in folder.glob("*/__init__.py")}
    assert rooms - {"__init__", "__main__"} <= listed
    forbidden = next(c for c in configured["contracts"] if "minerdesk.models" in c.get("source_modules", ()))
    assert {"minerdesk.measures", "minerdesk.models"} <= set(forbidden["source_modules"])
    assert {"duckdb", "ibis", "matplotlib", "httpx2"} <= set(forbidden["forbidden_modules"])


def loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after ``code``."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "code",
    [
        "import minerdesk; minerdesk.open",
        "import minerdesk.errors, minerdesk.records, minerdesk.units, minerdesk.config",
        "import minerdesk.measures.market",
        "import minerdesk.pipeline",
    ],
)
def test_import_loads_no_heavy_library(code: str) -> None:
    assert not loaded_by(code) & HEAVY


def test_a_week_loads_no_pandas(archive: Archive, tmp_path: Path) -> None:
    """It costs as much as everything else on the way to a week; a kept answer would load nothing at all."""
    copy = tmp_path / "copy"
    shutil.copytree(archive.path, copy, ignore=shutil.ignore_patterns("answers"))
    code = f"import minerdesk; minerdesk.open({str(copy)!r}).week('2025-12-05')"
    loaded = loaded_by(code)
    assert {"duckdb", "numpy"} <= loaded
    assert not loaded & {"pandas", "deltalake", "matplotlib", "scipy", "lxml"}
