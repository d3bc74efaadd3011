"""The sums of a week in exact fractions: python answers/working/week.py 2025-11-28 2025-12-05 > table.

Arguments: close that starts the week, close that ends it. Writes answers/week_END.json and prints the
Markdown table of names. See answers/README.md for the rules applied.
"""

import sys
from datetime import date

from facts import (
    BTC,
    CLOSES,
    EVENTS,
    REJECTED,
    SESSIONS,
    STAKES,
    VOLUMES,
    F,
    count_row,
    shares,
    split_factor,
    universe,
    write,
)


def liquidity(start, end):
    sessions = [s for s in SESSIONS if start < s <= end]
    names = [t for t in universe(end) if any(t in VOLUMES[s] for s in sessions)]
    per = {
        s: {
            "turnover_usd": sum(CLOSES[s][t] * VOLUMES[s][t] for t in names),
            "share_volume": sum(VOLUMES[s][t] for t in names),
        }
        for s in sessions
    }
    return {
        "sessions": len(sessions),
        "first_session": sessions[0],
        "last_session": sessions[-1],
        "names_with_volume": len(names),
        "names_without_volume": [t for t in universe(end) if t not in names],
        "turnover_usd": sum(v["turnover_usd"] for v in per.values()),
        "share_volume": sum(v["share_volume"] for v in per.values()),
        "per_session": per,
    }


def published_sums():
    """The sums printed beside the seed (about 416 and 346 million shares) against the sums as traded.

    They come out only if volumes of ABTC, ARBK and BTOG are divided by splits that came after the session.
    """
    out = {}
    for s, published in (("2025-11-28", 416_000_000), ("2025-12-05", 346_000_000)):
        names = [t for t in universe(s) if t in VOLUMES[s]]
        later = {t: split_factor(t, s, "9999") for t in ("ABTC", "ARBK", "BTOG")}
        out[s] = {
            "published_about": published,
            "as_traded": sum(VOLUMES[s][t] for t in names),
            "with_later_splits_of_ABTC_ARBK_BTOG": sum(VOLUMES[s][t] * later.get(t, 1) for t in names),
            "later_factors": {t: str(f) for t, f in later.items()},
        }
    return out


def week(start, end, before):
    rows = []
    for t in universe(end):
        p0, p1 = CLOSES[start][t], CLOSES[end][t]
        k = split_factor(t, start, end)
        r0, r1 = count_row(t, start), count_row(t, end)
        s0, s1 = shares(t, start), shares(t, end)
        rows.append(
            {
                "ticker": t,
                "close_start_usd": p0,
                "close_end_usd": p1,
                "split_factor_in_week": k,
                "close_start_adjusted_usd": p0 / k,
                "return_fraction": p1 * k / p0 - 1,
                "shares_start": s0,
                "shares_start_known_at": r0[1],
                "shares_start_basis": r0[2],
                "shares_start_as_recorded": r0[3],
                "shares_end": s1,
                "shares_end_known_at": r1[1],
                "shares_end_basis": r1[2],
                "shares_end_as_recorded": r1[3],
                "market_cap_start_usd": s0 * p0,
                "market_cap_end_usd": s1 * p1,
                "price_effect_usd": s0 * k * p1 - s0 * p0,
                "share_effect_usd": (s1 - s0 * k) * p1,
            }
        )
    gross0 = sum(r["market_cap_start_usd"] for r in rows)
    gross1 = sum(r["market_cap_end_usd"] for r in rows)
    price = sum(r["price_effect_usd"] for r in rows)
    share = sum(r["share_effect_usd"] for r in rows)
    assert gross1 - gross0 == price + share
    for r in rows:
        r["contribution_fraction"] = r["price_effect_usd"] / gross0
    assert sum(r["contribution_fraction"] for r in rows) == price / gross0

    def without(left_out):
        kept = [r for r in rows if r["ticker"] not in left_out]
        top = sum(r["price_effect_usd"] for r in kept)
        bottom = sum(r["market_cap_start_usd"] for r in kept)
        return {
            "names_left_out": list(left_out),
            "price_effect_usd": top,
            "start_cap_usd": bottom,
            "ex_event_return_fraction": top / bottom,
            "ex_event_return_over_full_start_cap_fraction": top / gross0,
        }

    tagged = {}
    for e in EVENTS:
        if start < e["date"] <= end and len(e["date"]) == 10 and e["ticker"] in universe(end):
            tagged.setdefault(e["ticker"], []).append(f"{e['date']} {e['event_type']}")
    stake = {}
    for label, default in (("default", "yes"), ("alternative", "no")):
        held = [r for r in STAKES if r["default"] == default and r["known_at"] <= start and int(r["shares"])]
        out0 = sum(
            int(r["shares"]) * split_factor(r["held"], r["known_at"], start) * CLOSES[start][r["held"]]
            for r in held
        )
        out1 = sum(
            int(r["shares"]) * split_factor(r["held"], r["known_at"], end) * CLOSES[end][r["held"]]
            for r in held
        )
        stake[label] = {
            "stakes": [f"{r['holder']} in {r['held']}: {r['shares']}" for r in held],
            "taken_out_start_usd": out0,
            "taken_out_end_usd": out1,
            "sector_cap_net_start_usd": gross0 - out0,
            "sector_cap_net_end_usd": gross1 - out1,
            "sector_cap_net_change_fraction": (gross1 - out1) / (gross0 - out0) - 1,
        }
    limit = F(5, 10000)
    up = [r["ticker"] for r in rows if r["return_fraction"] >= limit]
    down = [r["ticker"] for r in rows if r["return_fraction"] <= -limit]
    flat = [r["ticker"] for r in rows if abs(r["return_fraction"]) < limit]
    now, prev = liquidity(start, end), liquidity(before, start)
    return {
        "week_start": start,
        "week_end": end,
        "names_in_universe": len(rows),
        "names": rows,
        "sector_cap_gross_start_usd": gross0,
        "sector_cap_gross_end_usd": gross1,
        "sector_cap_gross_change_usd": gross1 - gross0,
        "sector_cap_gross_change_fraction": gross1 / gross0 - 1,
        "price_effect_usd": price,
        "share_effect_usd": share,
        "share_effect_over_start_cap_fraction": share / gross0,
        "names_with_share_effect": [r["ticker"] for r in rows if r["share_effect_usd"]],
        "sector_return_fraction": price / gross0,
        "net": stake,
        "tagged_events": tagged,
        "ex_event_all_tagged": without(sorted(tagged)),
        "ex_event_each": {t: without([t]) for t in sorted(tagged)},
        "advancers": len(up),
        "decliners": len(down),
        "unchanged": len(flat),
        "no_data": 0,
        "advancers_names": up,
        "decliners_names": down,
        "unchanged_names": flat,
        "equal_weighted_mean_return_fraction": sum(r["return_fraction"] for r in rows) / len(rows),
        "btc_close_start_usd": BTC[start],
        "btc_close_end_usd": BTC[end],
        "btc_return_fraction": BTC[end] / BTC[start] - 1,
        "sector_and_btc_same_direction": (price > 0) == (BTC[end] > BTC[start]),
        "liquidity": now,
        "liquidity_previous_week": prev,
        "turnover_change_fraction": now["turnover_usd"] / prev["turnover_usd"] - 1,
        "share_volume_change_fraction": F(now["share_volume"], prev["share_volume"]) - 1,
        "turnover_per_session_change_fraction": (now["turnover_usd"] / now["sessions"])
        / (prev["turnover_usd"] / prev["sessions"])
        - 1,
        "counts_rejected": [
            {"ticker": a, "known_at": b, "shares": c, "filing_known_at": d, "filing_shares": e}
            for a, b, c, d, e in REJECTED
        ],
    }


def traps(v):
    """What a careless reading of the week's split would give: must NOT be what the product prints."""
    by = {r["ticker"]: r for r in v["names"]}
    if v["week_end"] == "2025-11-21":
        r = by["CANG"]
        return {
            "CANG_return_without_split_fraction": r["close_end_usd"] / r["close_start_usd"] - 1,
            "CANG_cap_end_if_release_count_were_doubled_usd": r["shares_end"] * 2 * r["close_end_usd"],
            "CANG_cap_end_on_old_count_split_adjusted_usd": r["shares_start"] * 2 * r["close_end_usd"],
        }
    if v["week_end"] == "2025-12-12":
        r = by["ARBK"]
        old, new, growler, holders = 717250350, 13359672, 25250465800, 2885767520
        return {
            "ARBK_return_without_split_fraction": r["close_end_usd"] / r["close_start_usd"] - 1,
            "ARBK_cap_end_on_unadjusted_count_usd": 71725035 * r["close_end_usd"],
            "ARBK_cap_end_on_count_known_2025_12_16_usd": new * r["close_end_usd"],
            "ARBK_contribution_without_split_fraction": 71725035
            * (r["close_end_usd"] - r["close_start_usd"])
            / v["sector_cap_gross_start_usd"],
            "ARBK_ads_implied_by_the_plan_of_2025_12_10": F(old + growler + holders, 2160),
        }
    return {}


def main(start, end):
    i = SESSIONS.index(start)
    monday = date.fromisoformat(start).isocalendar()[:2]
    before = max(s for s in SESSIONS[:i] if date.fromisoformat(s).isocalendar()[:2] != monday)
    v = week(start, end, before)
    v["traps"] = traps(v)
    if end == "2025-12-05":
        v["published_share_volume_check"] = published_sums()
    how = (
        "Exact fractions over ../shared/sample/{closes,shares,splits,volumes,btc_usd,events,cross_holdings,"
        "companies}.csv by answers/working/week.py; headline sums again in doubles by answers/working/week.awk. "
        "Rules: answers/README.md. Numbers have 15 significant digits."
    )
    write(f"week_{end}.json", how, v)
    print(
        "| name | close start | close end | factor | return % | shares start (known) | shares end (known) "
        "| cap start, m | price effect, m | share effect, m | contribution, points |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for r in sorted(v["names"], key=lambda r: -abs(r["price_effect_usd"])):
        print(
            f"| {r['ticker']} | {float(r['close_start_usd']):g} | {float(r['close_end_usd']):g} "
            f"| {r['split_factor_in_week']} | {float(r['return_fraction']) * 100:+.3f} "
            f"| {float(r['shares_start']):,.0f} ({r['shares_start_known_at']} {r['shares_start_basis']}) "
            f"| {float(r['shares_end']):,.0f} ({r['shares_end_known_at']} {r['shares_end_basis']}) "
            f"| {float(r['market_cap_start_usd']) / 1e6:,.3f} | {float(r['price_effect_usd']) / 1e6:+,.3f} "
            f"| {float(r['share_effect_usd']) / 1e6:+,.3f} | {float(r['contribution_fraction']) * 100:+.4f} |"
        )


main(*sys.argv[1:3])
