"""The words, made once: a view becomes sections of sentences, tables and charts, in one language.

One module a section; :data:`SECTIONS` is their order on the page. A new topic adds a module and a line here
and touches no other section.
"""

from __future__ import annotations

from collections.abc import Callable

from minerdesk.present.document import Section
from minerdesk.present.narrative import (
    cap,
    cost,
    disclaimer,
    headline,
    liquidity,
    market,
    movers,
    network,
    notes,
    watch,
)
from minerdesk.present.narrative.edition import Edition

#: A section is left out where it returns ``None``: nothing to say is no empty heading.
SECTIONS: tuple[Callable[[Edition], Section | None], ...] = (
    headline.section,
    market.section,
    movers.section,
    cap.section,
    liquidity.section,
    cost.section,
    network.section,
    watch.section,
    notes.section,
    disclaimer.section,
)

__all__ = ["SECTIONS", "Edition"]
