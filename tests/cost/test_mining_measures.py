"""Mining and balance measures against sums by hand, and the laws between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk.measures import balance, mining

Answer = Callable[[str], Any]
amount = st.floats(0.01, 1e9)


# --- hashrate and hashcost ----------------------------------------------------------------------------
@pytest.mark.parametrize("ticker", ["RIOT", "CLSK"])
def test_realised_hashrate_and_hashcost_by_hand(ticker: str, answer: Answer) -> None:
    """Work and rewards of each quarter summed block by block: answers/cost_mining.md."""
    known = answer("cost_mining")
    mined = {(q["ticker"], q["quarter"]): q["lines"]["mined_btc"] for q in answer("cost_ladder")["quarters"]}
    for quarter, expected in known["companies"][ticker].items():
        network, btc = known["network"][quarter], mined[ticker, quarter]
        realised = mining.realised_hashrate_eh_s(
            btc, network["work_hashes"], network["rewards_btc"], network["seconds"]
        )
        assert realised == pytest.approx(expected["realised_eh_s"], rel=1e-12)
        ph_days = mining.realised_ph_days(realised, network["days"])
        assert ph_days == pytest.approx(expected["ph_days"], rel=1e-12)
        hashcost = mining.hashcost_usd_per_ph_day(expected["cash_usd_per_btc"], btc, ph_days)
        assert hashcost == pytest.approx(expected["hashcost_cash_usd_per_ph_day"], rel=1e-12)
        back = mining.nowcast_cost_usd_per_btc(hashcost, network["btc_per_ph_day"])
        assert back == pytest.approx(expected["cash_usd_per_btc"], rel=1e-9)
        share = mining.mined_share_fraction(btc, network["rewards_btc"])
        assert share * network["network_eh_s"] == pytest.approx(realised, rel=1e-12)


def test_realisation_rate(answer: Answer) -> None:
    clsk = answer("cost_mining")["realisation"]["CLSK_2025Q2"]
    rate = mining.realisation_rate_fraction(clsk["realised_eh_s"], clsk["operating_eh_s"])
    assert rate == pytest.approx(0.9392, abs=5e-5)


# --- machines -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("efficiency", "published"), [(15, 0.097), (20, 0.073), (25, 0.058)])
def test_break_even_power_price_as_published(efficiency: float, published: float) -> None:
    """Definitions 4: at 35 USD/PH/day, 15, 20, 25 J/TH break even at 0.097, 0.073, 0.058 USD/kWh."""
    assert round(mining.break_even_power_price_usd_per_kwh(35.0, efficiency), 3) == published


def test_energy_and_efficiency_by_hand(answer: Answer) -> None:
    machine = answer("cost_mining")["machine"]
    energy = mining.energy_cost_usd_per_ph_day(18.5, 0.045)
    assert energy == pytest.approx(machine["energy_usd_per_ph_day_18.5_J_0.045"], rel=1e-12)
    worst = mining.break_even_efficiency_j_per_th(35.0, 0.06)
    assert worst == pytest.approx(machine["break_even_j_per_th_35_0.06"], rel=1e-12)


@given(st.floats(1, 500), st.floats(5, 100))
def test_the_three_break_evens_are_one(hashprice: float, efficiency: float) -> None:
    price = mining.break_even_power_price_usd_per_kwh(hashprice, efficiency)
    assert mining.energy_cost_usd_per_ph_day(efficiency, price) == pytest.approx(hashprice, rel=1e-12)
    assert mining.break_even_efficiency_j_per_th(hashprice, price) == pytest.approx(efficiency, rel=1e-12)
    assert mining.mining_margin_usd_per_ph_day(hashprice, hashprice) == 0


@given(st.floats(1e3, 1e6), st.floats(1e3, 1e6))
def test_margin_is_nothing_at_the_rung(price: float, cost: float) -> None:
    assert mining.mining_margin_usd_per_btc(cost, cost) == mining.mining_margin_fraction(cost, cost) == 0
    in_money = mining.mining_margin_fraction(price, cost) * price
    assert in_money == pytest.approx(mining.mining_margin_usd_per_btc(price, cost), abs=1e-6)


def test_margin_of_the_published_pair() -> None:
    """At 107,135 USD a bitcoin, 74,600 leaves 32,535 or 30.4 %; 137,800 loses 30,665."""
    assert mining.mining_margin_usd_per_btc(107_135.0, 74_600.0) == 32_535
    assert mining.mining_margin_fraction(107_135.0, 74_600.0) == pytest.approx(0.3037, abs=5e-5)
    assert mining.mining_margin_usd_per_btc(107_135.0, 137_800.0) == -30_665


# --- balance ------------------------------------------------------------------------------------------
def value_of(known: dict[str, Any], close: float, method: str) -> float:
    """EV with the notes by one method."""
    on = balance.exercised_fraction(close, known["conversion_price_usd"])
    underlying = known["convert_principal_usd"] / known["conversion_price_usd"]
    if method == "if_converted":
        new = balance.if_converted_shares(known["convert_principal_usd"], known["conversion_price_usd"], on)
        debt = balance.if_converted_debt_usd(known["convert_principal_usd"], on)
    else:
        new = balance.treasury_method_shares(underlying, known["conversion_price_usd"], close, on)
        debt = known["convert_principal_usd"]
    shares = balance.diluted_shares(known["shares"], 0, new)
    return float(
        balance.enterprise_value_usd(shares * close, known["other_debt_usd"] + debt, 0, 0, known["cash_usd"])
    )


@pytest.mark.parametrize("method", ["if_converted", "treasury"])
def test_enterprise_value_of_clsk_by_hand(method: str, answer: Answer) -> None:
    known = answer("cost_mining")["balance_clsk"]
    assert value_of(known, known["close_usd"], method) == pytest.approx(known["ev_usd"], rel=1e-12)
    high = known[f"ev_{method}_at_20_usd"]
    assert value_of(known, known["high_close_usd"], method) == pytest.approx(high, rel=1e-12)


def test_what_stands_beside_the_enterprise_value(answer: Answer) -> None:
    known = answer("cost_mining")["balance_clsk"]
    held, price = known["held_btc"], known["btc_usd"]
    assert balance.treasury_value_usd(held, price) == pytest.approx(known["treasury_usd"], rel=1e-12)
    adjusted = balance.hodl_adjusted_ev_usd(known["ev_usd"], held, price)
    assert adjusted == pytest.approx(known["hodl_adjusted_ev_usd"], rel=1e-12)
    per_eh = balance.ev_usd_per_eh_s(adjusted, known["operating_eh_s"])
    assert per_eh == pytest.approx(known["ev_usd_per_eh_s"], rel=1e-12)
    assert balance.mnav_ratio(known["market_cap_usd"], held, price) == pytest.approx(known["mnav"], rel=1e-10)


def test_treasury_method_shares_by_hand(answer: Answer) -> None:
    known = answer("cost_mining")["balance_clsk"]
    shares = balance.treasury_method_shares(known["underlying_shares"], 14.80, 20.0, 1)
    assert shares == pytest.approx(known["treasury_method_shares_at_20"], rel=1e-9)


@given(amount, st.floats(0.01, 1e3), st.floats(0.01, 1e3), amount)
def test_both_methods_value_a_convert_alike(
    principal: float, conversion: float, close: float, count: float
) -> None:
    """Converted or net-settled, a note in the money is worth its parity; out of it, its principal."""
    known = {
        "convert_principal_usd": principal, "conversion_price_usd": conversion, "shares": count,
        "other_debt_usd": 0.0, "cash_usd": 0.0,
    }  # fmt: skip
    first, second = value_of(known, close, "if_converted"), value_of(known, close, "treasury")
    assert first == pytest.approx(second, rel=1e-9)
    worth = principal * max(1.0, close / conversion)
    assert first == pytest.approx(count * close + worth, rel=1e-9)


def test_an_instrument_out_of_the_money_adds_no_share() -> None:
    closes = np.array([10.0, 14.8, 14.81, 30.0])
    on = balance.exercised_fraction(closes, 14.8)
    assert on.tolist() == [0, 0, 1, 1]
    assert (balance.treasury_method_shares(1e6, 14.8, closes, on) >= 0).all()


def test_runway_and_dilution_by_hand(answer: Answer) -> None:
    riot = answer("cost_mining")["runway_riot"]
    burn = balance.cash_burn_usd_per_month(
        riot["realised_ph_s"], riot["hashcost_usd_per_ph_day"], riot["hashprice_usd_per_ph_day"]
    )
    assert burn == pytest.approx(riot["burn_usd_per_month"], rel=1e-9)
    assert balance.runway_months(riot["cash_usd"], burn) == pytest.approx(riot["months"], rel=1e-9)
    counts = answer("cost_mining")["dilution_riot"]
    grown = balance.dilution_fraction(counts["before_2025_04_28"], counts["now_2025_10_29"], 1)
    assert grown == pytest.approx(counts["fraction"], rel=1e-9)
    assert balance.dilution_fraction(300.0, 10.0, 1 / 30) == pytest.approx(0)
