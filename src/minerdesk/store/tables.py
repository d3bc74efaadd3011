"""Every table of the archive, declared once. Later topics add theirs below; nothing else changes."""

from __future__ import annotations

from minerdesk.store.schema import Column, TableSpec


def _table(name: str, key: str, meaning: str, *columns: Column) -> TableSpec:
    return TableSpec(name, tuple(key.split()), columns, meaning)


#: A file may state one thing several times (sources differ): the place in that order is part of the key.
_OCCURRENCE = Column("occurrence", "int", "1 for the first statement of this in its file, 2 for the next")

# --- the archive's own --------------------------------------------------------------------------------
SNAPSHOTS = _table(
    "snapshots",
    "source name snapshot",
    "raw bytes received, in order of arrival",
    Column("source", "string"),
    Column("name", "string", "what was asked of the source"),
    Column("origin", "string", "where the bytes come from"),
    Column("media_type", "string"),
    Column("size_bytes", "int"),
)
FINDINGS = _table(
    "findings",
    "source name kind locator",
    "odd data, as found; nothing is dropped without one",
    Column("kind", "string"),
    Column("severity", "string", "note, suspect or rejected"),
    Column("subject", "string", "ticker or table"),
    Column("detail", "string"),
    Column("source", "string"),
    Column("name", "string"),
    Column("day", "date", "the day the odd datum is about"),
)

# --- market -------------------------------------------------------------------------------------------
COMPANIES = _table(
    "companies",
    "ticker",
    "the universe, with dates and renames",
    Column("ticker", "string"),
    Column("legal_name", "string"),
    Column("exchange", "string"),
    Column("country", "string"),
    Column("listing_currency", "string"),
    Column("cik", "string"),
    Column("fiscal_year_end_month", "int"),
    Column("reporting_standard", "string"),
    Column("filings_form", "string"),
    Column("business", "string"),
    Column("in_universe_from", "date"),
    Column("in_universe_to", "date"),
    Column("later_ticker", "string"),
    Column("later_ticker_from", "date"),
    Column("purity_note", "string"),
    Column("source", "string"),
)
CLOSES = _table(
    "closes",
    "ticker session",
    "closing prices as traded",
    Column("ticker", "string"),
    Column("session", "date"),
    Column("close_usd", "float", "USD a share as traded that day, no later split applied"),
)
VOLUMES = _table(
    "volumes",
    "ticker session",
    "share volumes as traded",
    Column("ticker", "string"),
    Column("session", "date"),
    Column("share_volume", "float", "shares"),
)
BITCOIN_CLOSES = _table(
    "bitcoin_closes",
    "clock day",
    "bitcoin prices",
    Column("clock", "string", "utc_day: close of the UTC day; utc_week: Sunday close"),
    Column("day", "date"),
    Column("close_usd", "float"),
    Column("quote", "string", "USD or USDT"),
)
SPLITS = _table(
    "splits",
    "ticker effective_date",
    "splits, consolidations, ADS changes; effective before the open of the date",
    Column("ticker", "string"),
    Column("effective_date", "date"),
    Column("new_shares", "float"),
    Column("old_shares", "float"),
    Column("kind", "string"),
    Column("source", "string"),
    Column("note", "string"),
)
SHARE_COUNTS = _table(
    "share_counts",
    "ticker known_on basis",
    "shares outstanding of the listed security, all classes",
    Column("ticker", "string"),
    Column("known_on", "date"),
    Column("basis", "string", "filing, release or vendor"),
    Column("outstanding_shares", "float"),
    Column("source", "string"),
    Column("note", "string"),
)
SHARE_COUNT_CONFLICTS = _table(
    "share_count_conflicts",
    "ticker known_on as_of_day share_class shares",
    "other counts and where they come from; never used for a cap",
    Column("ticker", "string"),
    Column("share_class", "string"),
    Column("shares", "float"),
    Column("as_of_day", "date"),
    Column("known_on", "date"),
    Column("basis", "string"),
    Column("ads_ratio", "string"),
    Column("source", "string"),
    Column("note", "string"),
)
CROSS_HOLDINGS = _table(
    "cross_holdings",
    "holder held as_of_day shares",
    "stakes of one listed name in another",
    Column("holder", "string"),
    Column("held", "string"),
    Column("shares", "float"),
    Column("as_of_day", "date"),
    Column("is_default", "bool"),
    Column("source", "string"),
    Column("note", "string"),
)
EVENTS = _table(
    "events",
    "day_text ticker event_type detail",
    "dated events of the names and of the network",
    Column("day_text", "string", "the date as the source gives it: a day, a month or a year"),
    Column("day", "date", "only where the source gives a day"),
    Column("ticker", "string"),
    Column("event_type", "string"),
    Column("size_usd", "float"),
    Column("shares", "float"),
    Column("price_effect_percent_reported", "float"),
    Column("detail", "string"),
    Column("source_url", "string"),
    Column("source_date", "string"),
    Column("source_tier", "string", "A filing or release, B press, C aggregator"),
    Column("conflict", "string"),
    Column("difficulty_change_percent", "float"),
    Column("difficulty_trillion", "float"),
)

# --- network ------------------------------------------------------------------------------------------
DIFFICULTY_EPOCHS = _table(
    "difficulty_epochs",
    "first_height",
    "difficulty epochs",
    Column("first_height", "int"),
    Column("first_block_time", "instant"),
    Column("bits", "string", "compact target, hexadecimal"),
)
BITCOIN_DAYS = _table(
    "bitcoin_days",
    "day",
    "blocks, subsidy and fees a UTC day, by header time",
    Column("day", "date"),
    Column("first_height", "int"),
    Column("last_height", "int"),
    Column("blocks", "int"),
    Column("subsidy_btc", "float"),
    Column("fees_btc", "float"),
)
BLOCK_HEADERS = _table(
    "block_headers",
    "height",
    "verified block headers",
    Column("height", "int"),
    Column("block_hash", "string", "as displayed"),
    Column("block_time", "instant", "the header's own time, which the miner set"),
    Column("bits", "string", "compact target, hexadecimal"),
    Column("version", "int"),
)
BLOCKS = _table(
    "blocks",
    "height",
    "what each block paid, as a node tells it",
    Column("height", "int"),
    Column("block_hash", "string", "as displayed"),
    Column("block_time", "instant"),
    Column("subsidy_btc", "float"),
    Column("fees_btc", "float"),
    Column("transactions_count", "int"),
)
ASIC_MODELS = _table(
    "asic_models",
    "model manufacturer occurrence",
    "mining machines",
    Column("occurrence", "int"),
    Column("model", "string"),
    Column("manufacturer", "string"),
    Column("hashrate_th_s", "float"),
    Column("power_w", "float"),
    Column("efficiency_j_per_th", "float"),
    Column("cooling", "string"),
    Column("release", "string"),
    Column("price_usd", "float"),
    Column("price_as_of", "string"),
    Column("source", "string"),
    Column("reliability", "string"),
)

# --- filings ------------------------------------------------------------------------------------------
_FACT = (
    Column("occurrence", "int"),
    Column("ticker", "string"),
    Column("period_start", "date"),
    Column("period_end", "date"),
    Column("fiscal_label", "string"),
    Column("item", "string"),
    Column("value", "float"),
    Column("unit", "string"),
    Column("source_url", "string"),
    Column("source_date", "string"),
    Column("note", "string"),
)
FILING_FACTS = _table(
    "filing_facts",
    "ticker fiscal_label item occurrence",
    "figures of quarterly filings and releases",
    *_FACT,
)
PRODUCTION = _table("production", "ticker fiscal_label item occurrence", "monthly production updates", *_FACT)
PUBLISHED_COSTS = _table(
    "published_costs",
    "calendar_quarter publisher company publisher_measure",
    "what publishers state a bitcoin costs, by each publisher's own definition",
    Column("calendar_quarter", "string"),
    Column("publisher", "string"),
    Column("company", "string"),
    Column("publisher_measure", "string"),
    Column("cost_usd_per_btc", "float"),
    Column("source", "string"),
    Column("note", "string"),
)
XBRL_FILINGS = _table(
    "xbrl_filings",
    "cik filing",
    "covers of filings taken in whole",
    Column("filing", "string", "accession number; the file's name where none is known"),
    Column("ticker", "string"),
    Column("cik", "string"),
    Column("entity_name", "string"),
    Column("accession", "string"),
    Column("form", "string"),
    Column("period_end", "date"),
    Column("fiscal_year", "string"),
    Column("fiscal_period", "string"),
    Column("is_amendment", "bool"),
    Column("numeric_tags", "int", "numbers tagged in the filing"),
)
XBRL_FACTS = _table(
    "xbrl_facts",
    "cik filing locator",
    "every number tagged in a filing, as filed; scale and sign applied",
    Column("filing", "string", "accession number; the file's name where none is known"),
    Column("ticker", "string"),
    Column("cik", "string"),
    Column("accession", "string"),
    Column("form", "string"),
    Column("concept", "string"),
    Column("extension", "bool", "the concept is the filer's own"),
    Column("context", "string"),
    Column("dimensions", "string", "axis=member, sorted, joined by semicolons"),
    Column("period_start", "date", "empty at an instant"),
    Column("period_end", "date"),
    Column("period_kind", "string", "instant, quarter, half, nine_months, year or other"),
    Column("unit", "string"),
    Column("decimals", "int", "places the filer vouches for; empty where exact"),
    Column("value", "float", "empty where the filer says nil, which is not zero"),
    Column("suspect", "bool", "a finding doubts it: kept, and no figure is made of it"),
)
FILED_ITEMS = _table(
    "filed_items",
    "cik fiscal_label item filing",
    "lines of cost and balance read from the tags of filings taken in",
    Column("filing", "string", "accession number; the file's name where none is known"),
    Column("ticker", "string"),
    Column("cik", "string"),
    Column("accession", "string"),
    Column("concept", "string", "the tags that were read, joined by a plus sign"),
    Column("context", "string"),
    Column("dimensions", "string"),
    Column("period_start", "date", "empty at an instant"),
    Column("period_end", "date"),
    Column("fiscal_label", "string"),
    Column("item", "string"),
    Column("value", "float"),
    Column("unit", "string"),
    Column("note", "string"),
)

# --- pivot --------------------------------------------------------------------------------------------
DEALS = _table(
    "deals",
    "announced_text ticker counterparty occurrence",
    "AI/HPC deals as announced; critical-IT and gross MW apart",
    Column("occurrence", "int"),
    Column("announced_text", "string"),
    Column("announced_day", "date"),
    Column("ticker", "string"),
    Column("company", "string"),
    Column("counterparty", "string"),
    Column("end_tenant", "string"),
    Column("deal_type", "string"),
    Column("site", "string"),
    Column("state_country", "string"),
    Column("critical_it_mw", "float"),
    Column("gross_mw", "float"),
    Column("contract_value_usd", "float"),
    Column("term_years", "float"),
    Column("extension_years", "string"),
    Column("annual_revenue_usd", "float"),
    Column("noi_or_ebitda_margin_percent", "float"),
    Column("capex_usd", "float"),
    Column("capex_per_mw_usd", "float"),
    Column("gpu_count", "float"),
    Column("gpu_model", "string"),
    Column("expected_start", "string"),
    Column("backstop_guarantor", "string"),
    Column("equity_stake_note", "string"),
    Column("source_url", "string"),
    Column("source_date", "string"),
    Column("source_tier", "string"),
    Column("conflict", "string"),
    Column("notes", "string"),
)

TABLES: dict[str, TableSpec] = {
    spec.name: spec for spec in list(globals().values()) if isinstance(spec, TableSpec)
}
