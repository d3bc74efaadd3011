"""Units: the vocabulary of column, parameter and JSON names, and every conversion factor.

A quantity's name ends in its unit (``hashprice_usd_per_ph_day``). :func:`unit_of` reads it back, and a
name without a known unit is refused, so a unit cannot be forgotten. Measures use the factors below as
``units.SECONDS_PER_DAY`` (never ``from units import``): the unit proof replaces each by the pint quantity
that :data:`FACTOR_UNITS` declares and demands the same number and the declared unit.
"""

from __future__ import annotations

# --- conversion factors; each stands in FACTOR_UNITS with its unit -------------------------------------
SECONDS_PER_DAY = 86_400.0
HOURS_PER_DAY = 24.0
DAYS_PER_YEAR = 365.25
MONTHS_PER_YEAR = 12.0
HASHES_PER_PH = 1e15
HASHES_PER_EH = 1e18
PH_PER_EH = 1_000.0
TH_PER_PH = 1_000.0
TH_PER_EH = 1e6
WATTS_PER_KW = 1_000.0
KW_PER_MW = 1_000.0
KWH_PER_MWH = 1_000.0
JOULES_PER_KWH = 3.6e6
#: Expected hashes for one unit of difficulty, exact: the difficulty-1 target is 0xffff * 2**208.
HASHES_PER_DIFFICULTY = 2.0**48 / 65_535.0
#: The industry's rounded value, 15 ppm lower; hashprice is published with this one.
HASHES_PER_DIFFICULTY_ROUNDED = 2.0**32
TARGET_SECONDS_PER_BLOCK = 600.0

#: Unit of each factor above, in pint's grammar (``btc``, ``usd``, ``hash``, ``block``, ``diff`` are ours).
FACTOR_UNITS: dict[str, str] = {
    "SECONDS_PER_DAY": "second / day",
    "HOURS_PER_DAY": "hour / day",
    "DAYS_PER_YEAR": "day / year",
    "MONTHS_PER_YEAR": "month / year",
    "HASHES_PER_PH": "hash / petahash",
    "HASHES_PER_EH": "hash / exahash",
    "PH_PER_EH": "petahash / exahash",
    "TH_PER_PH": "terahash / petahash",
    "TH_PER_EH": "terahash / exahash",
    "WATTS_PER_KW": "watt / kilowatt",
    "KW_PER_MW": "kilowatt / megawatt",
    "KWH_PER_MWH": "kilowatt_hour / megawatt_hour",
    "JOULES_PER_KWH": "joule / kilowatt_hour",
    "HASHES_PER_DIFFICULTY": "hash / (block * diff)",
    "HASHES_PER_DIFFICULTY_ROUNDED": "hash / (block * diff)",
    "TARGET_SECONDS_PER_BLOCK": "second / block",
}

#: Name suffix -> unit in pint's grammar. The longest suffix wins. A price of one share, coin or day's rent
#: is plain ``usd``: shares and counts have no dimension.
SUFFIXES: dict[str, str] = {
    "usd": "usd",
    "usd_per_btc": "usd / btc",
    "usd_per_ph_day": "usd / (petahash / second * day)",
    "btc_per_ph_day": "btc / (petahash / second * day)",
    "usd_per_eh_day": "usd / (exahash / second * day)",
    "usd_per_eh_s": "usd / (exahash / second)",
    "usd_per_kwh": "usd / kilowatt_hour",
    "usd_per_mwh": "usd / megawatt_hour",
    "usd_per_kw_month": "usd / (kilowatt * month)",
    "usd_per_mw": "usd / megawatt",
    "usd_per_month": "usd / month",
    "usd_per_day": "usd / day",
    "usd_per_th_s": "usd / (terahash / second)",
    "btc": "btc",
    "btc_per_block": "btc / block",
    "btc_per_day": "btc / day",
    "eh_s": "exahash / second",
    "ph_s": "petahash / second",
    "th_s": "terahash / second",
    "ph_days": "petahash / second * day",
    "j_per_th": "joule / terahash",
    "hashes": "hash",
    "difficulty": "diff",
    "blocks": "block",
    "w": "watt",
    "kw": "kilowatt",
    "mw": "megawatt",
    "kwh": "kilowatt_hour",
    "mwh": "megawatt_hour",
    "seconds": "second",
    "days": "day",
    "months": "month",
    "years": "year",
    "fraction": "dimensionless",
    "ratio": "dimensionless",
    "shares": "dimensionless",
    "sessions": "dimensionless",
    "count": "dimensionless",
    "z": "dimensionless",
    "t": "dimensionless",
    "beta": "dimensionless",
    "index": "dimensionless",
}

#: Names whose unit is not their last word.
WHOLE_NAMES: dict[str, str] = {
    "share_volume": "shares",
    "advancers": "count",
    "decliners": "count",
    "unchanged": "count",
    "no_data": "count",
    "beta_to_btc": "beta",
    "divisor": "usd",
}


def unit_of(name: str) -> str:
    """The unit suffix at the end of ``name`` (a key of :data:`SUFFIXES`).

    >>> unit_of("operating_hashrate_eh_s")
    'eh_s'
    >>> unit_of("cash_cost_usd_per_btc")
    'usd_per_btc'

    Raises :class:`ValueError` for a name without a unit.
    """
    if name in WHOLE_NAMES:
        return WHOLE_NAMES[name]
    words = name.split("_")
    for start in range(len(words)):
        suffix = "_".join(words[start:])
        if suffix in SUFFIXES:
            return suffix
    raise ValueError(f"the name {name!r} ends in no known unit; see minerdesk.units.SUFFIXES")
