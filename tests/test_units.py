"""The unit proof: every declared measure, on four carriers.

With pint quantities (and every conversion factor of :mod:`minerdesk.units` replaced by the quantity that
``FACTOR_UNITS`` declares) a measure must come out in the unit its name promises, with the number it gives on
plain floats. A forgotten factor of a thousand changes that number; a wrong one changes the unit.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pint
import pyarrow as pa
import pytest

from minerdesk import measures, units
from minerdesk.measures.declare import MEASURES, Measure, measure
from minerdesk.units import FACTOR_UNITS, SUFFIXES, WHOLE_NAMES, unit_of

for module in pkgutil.iter_modules(measures.__path__):
    importlib.import_module(f"{measures.__name__}.{module.name}")

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
EACH = pytest.mark.parametrize("path", sorted(MEASURES))


@pytest.fixture(scope="module")
def registry() -> Any:
    """Pint with the trade's own dimensions. Hashes take SI prefixes, as in petahash."""
    ours = pint.UnitRegistry()
    for name in ("btc", "usd", "hash", "block", "diff"):
        ours.define(f"{name} = [{name}]")
    return ours


@pytest.fixture
def factors(registry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The conversion factors as quantities."""
    for name, unit in FACTOR_UNITS.items():
        monkeypatch.setattr(units, name, registry.Quantity(getattr(units, name), unit))


def numbers(declared: Measure, case: int) -> dict[str, float]:
    """Inputs of a measure: of different size, fractions of either sign, the same in every run."""
    draw = random.Random(f"{declared.path} {case}")

    def number(unit: str) -> float:
        sign = draw.choice((1, -1)) if unit == "fraction" else 1
        return sign * round(draw.uniform(0.2, 3.0) * 10 ** draw.randint(0, 2), 3)

    return {name: number(unit) for name, unit in declared.inputs}


@EACH
@pytest.mark.parametrize("case", range(3))
def test_declared_unit_and_same_number(path: str, case: int, registry: Any, factors: None) -> None:
    declared = MEASURES[path]
    plain = numbers(declared, case)
    quantities = {
        name: registry.Quantity(value, SUFFIXES[unit])
        for (name, unit), value in zip(declared.inputs, plain.values(), strict=True)
    }
    result = registry.Quantity(declared.function(**quantities))
    with pytest.MonkeyPatch.context() as patch:
        for name in FACTOR_UNITS:
            patch.setattr(units, name, getattr(units, name).magnitude)
        expected = declared.function(**plain)
    unit = SUFFIXES[declared.unit]
    assert result.check(registry.Quantity(1, unit).dimensionality), (
        f"{path} gives {result.units}, its name promises {unit}"
    )
    assert result.to(unit).magnitude == pytest.approx(float(expected), rel=1e-12)


@EACH
def test_floats_arrays_and_columns_agree(path: str, engine: Callable[..., list[float]]) -> None:
    declared = MEASURES[path]
    cases = [numbers(declared, case) for case in range(5)]
    floats = [float(declared.function(**case)) for case in cases]
    columns = {name: [case[name] for case in cases] for name, _ in declared.inputs}
    arrays = {name: np.array(values) for name, values in columns.items()}
    assert np.broadcast_to(declared.function(**arrays), 5).tolist() == pytest.approx(floats, rel=1e-12)
    assert engine(declared.function, columns) == pytest.approx(floats, rel=1e-12)


@pytest.fixture(scope="module")
def engine() -> Any:
    """Runs a measure as an Ibis expression over columns, in DuckDB."""
    import ibis

    connection = ibis.duckdb.connect()

    def run(function: Callable[..., Any], columns: dict[str, list[float]]) -> list[float]:
        connection.con.register("cases", pa.table(columns | {"row": range(5)}))
        cases = connection.table("cases")
        result = cases.select(row=cases.row, result=function(**{name: cases[name] for name in columns}))
        answer = connection.con.sql(connection.compile(result.order_by("row"))).to_arrow_table()
        return [float(value) for value in answer["result"].to_pylist()]

    return run


def test_the_proof_sees_a_forgotten_factor_and_a_wrong_unit(registry: Any, factors: None) -> None:
    before = dict(MEASURES)

    @measure("a test")
    def forgotten_usd_per_eh_day(hashprice_usd_per_ph_day: Any) -> Any:
        return hashprice_usd_per_ph_day

    @measure("a test")
    def wrong_usd_per_ph_day(hashprice_usd_per_ph_day: Any) -> Any:
        return hashprice_usd_per_ph_day * units.SECONDS_PER_DAY / units.WATTS_PER_KW

    try:
        price = registry.Quantity(50.0, SUFFIXES["usd_per_ph_day"])
        assert forgotten_usd_per_eh_day(price).to(SUFFIXES["usd_per_eh_day"]).magnitude != pytest.approx(50.0)
        wrong = wrong_usd_per_ph_day(price)
        assert wrong.to(SUFFIXES["usd_per_ph_day"]).magnitude != pytest.approx(50.0 * 86.4)
    finally:
        MEASURES.clear()
        MEASURES.update(before)


def test_every_factor_stands_in_the_list_with_its_unit(registry: Any) -> None:
    constants = {
        name for name, value in vars(units).items() if name.isupper() and isinstance(value, int | float)
    }
    assert constants == set(FACTOR_UNITS)
    for unit in [*FACTOR_UNITS.values(), *SUFFIXES.values()]:
        registry.parse_units(unit)
    assert set(WHOLE_NAMES.values()) <= set(SUFFIXES)


@pytest.mark.parametrize("name", sorted(FACTOR_UNITS))
def test_pint_knows_the_same_factor(name: str, registry: Any) -> None:
    """A factor between units of one dimension must be pint's own number."""
    quantity = registry.Quantity(getattr(units, name), FACTOR_UNITS[name])
    if quantity.dimensionless:
        assert quantity.to("").magnitude == pytest.approx(1.0, rel=1e-12)
    else:
        assert name in {"HASHES_PER_DIFFICULTY", "HASHES_PER_DIFFICULTY_ROUNDED", "TARGET_SECONDS_PER_BLOCK"}


def test_hashes_per_difficulty_by_the_target() -> None:
    """Difficulty 1 is the target 0xffff * 2**208, so one hash in 2**256 / target meets it."""
    target = 0xFFFF * 2**208
    assert math.isclose(units.HASHES_PER_DIFFICULTY, 2**256 / target, rel_tol=1e-15)
    gap = units.HASHES_PER_DIFFICULTY / units.HASHES_PER_DIFFICULTY_ROUNDED - 1
    assert math.isclose(gap, 1 / 65_535, rel_tol=1e-6)


@pytest.mark.parametrize("name", ["price", "cost_eur", "usd_price", "", "hashrate_eh"])
def test_a_name_without_unit_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no known unit"):
        unit_of(name)


def test_a_measure_without_unit_is_refused() -> None:
    def price_return(close_usd: Any) -> Any:
        return close_usd

    with pytest.raises(ValueError, match="price_return"):
        measure("a test")(price_return)


@EACH
def test_declaration_is_complete(path: str) -> None:
    declared = MEASURES[path]
    assert declared.definition
    assert declared.summary.endswith((".", "]")), "the first paragraph is printed in the page of measures"
    source = inspect.getsource(declared.function)
    assert not any(word in source for word in ("np.", "math.", "ibis.")), "a measure is arithmetic alone"
