"""What kinds of events are called, for the report and the calendar alike."""

from __future__ import annotations

_ = str
EVENT_WORDS = {
    "lockup_expiry": _("end of a lock-up"),
    "earnings": _("earnings"),
    "filing_due": _("report due"),
    "convertible_notes": _("convertible notes"),
    "atm_offering": _("at-the-market offering"),
    "private_placement": _("private placement"),
    "stock_split": _("share split"),
    "index_change": _("index change"),
    "index_rebalance": _("rebalancing of the sector index"),
    "merger_close": _("merger completed"),
    "rename": _("change of name"),
    "ipo": _("listing"),
    "delisting": _("delisting"),
    "guidance": _("guidance"),
    "insider": _("insider dealing"),
    "lawsuit": _("lawsuit"),
    "halving": _("halving"),
    "difficulty_adjustment": _("difficulty adjustment"),
    "hashrate_milestone": _("hashrate milestone"),
    "colocation_lease": _("data-centre lease"),
    "gpu_cloud_contract": _("AI cloud contract"),
    "joint_venture": _("joint venture"),
    "acquisition": _("acquisition"),
    "financing": _("financing"),
    "equity_investment": _("equity investment"),
    "hardware_purchase": _("purchase of machines"),
    "site_purchase": _("purchase of a site"),
    "other": _("other news"),
}


def words_of(kind: object) -> str:
    """The English words of an event's kind, to be translated by whoever prints them."""
    return EVENT_WORDS.get(str(kind), EVENT_WORDS["other"])


def first_address(text: object) -> str:
    """The first of several addresses, where it is one; empty for none."""
    first = str(text or "").split(" ; ", maxsplit=1)[0].strip()
    return first if first.startswith("https://") else ""
