"""What this is not."""

from __future__ import annotations

from minerdesk.present.document import Section
from minerdesk.present.narrative.edition import Edition

_ = str


def section(edition: Edition) -> Section:
    return Section(
        "disclaimer",
        edition.words("Disclaimer"),
        (
            edition.note(
                _(
                    "Prices come from republished public data and are for demonstration. This report is "
                    "information, not advice, and no offer to buy or sell. Errors are possible: follow a number "
                    "to its source before you rely on it."
                )
            ),
        ),
    )
