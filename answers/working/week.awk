# Headline sums of a week in doubles, written apart from week.py.
# awk -v D=../shared/sample -v A=2025-11-28 -v B=2025-12-05 -f answers/working/week.awk   (from the checkout root)
# Prints: key value. Plain comma splitting is enough: no quoted field stands before the columns used.
function rank(b) { return b == "filing" ? 3 : b == "release" ? 2 : 1 }
function factor(t, after, to,   i, f) {
    f = 1
    for (i = 1; i <= ns; i++) if (st[i] == t && sd[i] > after && sd[i] <= to) f *= sn[i] / so[i]
    return f
}
function count(t, day,   i, best, key, top) {
    top = ""
    for (i = 1; i <= nc; i++) if (ct[i] == t && ck[i] <= day) {
        key = ck[i] rank(cb[i])
        if (key > top) { top = key; best = i }
    }
    return cn[best] * factor(t, ck[best], day)
}
BEGIN {
    FS = ","; OFMT = "%.15g"
    while ((getline < (D "/companies.csv")) > 0)
        if (match($0, /,20[0-9][0-9]-[0-9][0-9]-[0-9][0-9],/) && substr($0, RSTART + 1, 10) <= B) u[++n] = $1
    while ((getline < (D "/splits.csv")) > 0) if ($3 + 0) { st[++ns] = $1; sd[ns] = $2; sn[ns] = $3; so[ns] = $4 }
    # the one vendor row that contradicts the filing of two days earlier (16.6 m against 908.7 m)
    while ((getline < (D "/shares.csv")) > 0)
        if ($2 + 0 && !($1 == "ABTC" && $2 == 16560481)) { ct[++nc] = $1; cn[nc] = $2; ck[nc] = $3; cb[nc] = $4 }
    while ((getline < (D "/closes.csv")) > 0) {
        if ($1 == "session") { for (i = 2; i <= NF; i++) col[$i] = i; continue }
        for (t in col) price[$1, t] = $col[t]
    }
    while ((getline < (D "/volumes.csv")) > 0) {
        if ($1 == "session") { for (i = 2; i <= NF; i++) vol[$i] = i; continue }
        if ($1 > A && $1 <= B) for (i = 1; i <= n; i++) if (u[i] in vol) {
            shares_traded += $vol[u[i]]; turnover += $vol[u[i]] * price[$1, u[i]]
        }
    }
    while ((getline < (D "/btc_usd.csv")) > 0) btc[$1] = $2
    for (i = 1; i <= n; i++) {
        t = u[i]; f = factor(t, A, B); s0 = count(t, A); s1 = count(t, B); p0 = price[A, t]; p1 = price[B, t]
        g0 += s0 * p0; g1 += s1 * p1; pe[t] = s0 * (p1 * f - p0); c0[t] = s0 * p0; sum += pe[t]
        r = p1 * f / p0 - 1
        if (r >= 0.0005) up++; else if (r <= -0.0005) down++; else flat++
    }
    printf "names_in_universe %d\nsector_cap_gross_start_usd %.15g\nsector_cap_gross_end_usd %.15g\n", n, g0, g1
    printf "price_effect_usd %.15g\nshare_effect_usd %.15g\n", sum, g1 - g0 - sum
    printf "sector_return_fraction %.15g\nsector_cap_gross_change_fraction %.15g\n", sum / g0, g1 / g0 - 1
    printf "net.default.sector_cap_net_start_usd %.15g\n", g0 - 585779922 * price[A, "ABTC"]
    printf "net.default.sector_cap_net_end_usd %.15g\n", g1 - 585779922 * price[B, "ABTC"]
    printf "advancers %d\ndecliners %d\nunchanged %d\n", up, down, flat
    printf "liquidity.turnover_usd %.15g\nliquidity.share_volume %.15g\n", turnover, shares_traded
    printf "btc_return_fraction %.15g\n", btc[B] / btc[A] - 1
    if (B == "2025-12-05") {
        x = sum - pe["ABTC"]; y = g0 - c0["ABTC"]
        printf "ex_event_each.ABTC.ex_event_return_fraction %.15g\n", x / y
        printf "ex_event_all_tagged.ex_event_return_fraction %.15g\n", (x - pe["HUT"]) / (y - c0["HUT"])
    }
}
