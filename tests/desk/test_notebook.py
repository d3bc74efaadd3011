"""Views in a notebook."""

from __future__ import annotations

import lxml.html

from minerdesk.desk import Desk


def test_a_view_shows_its_figures_with_their_refs(desk: Desk) -> None:
    view = desk.week("2025-12-05")
    page = lxml.html.fromstring(view._repr_html_())
    cells = page.xpath("//td[@title='week/2025-12-05/sector_return_fraction']/text()")
    assert cells[0] == "-4.69%"
    assert page.xpath("//summary/text()")[0] == "names (34 rows)"
    assert "and 22 more rows" in page.text_content()


def test_missing_is_shown_as_missing(desk: Desk) -> None:
    view = desk.week("2025-06-13")
    page = lxml.html.fromstring(view._repr_html_())
    row = page.xpath("//tr[td[1]='turnover_usd']/td/text()")
    assert row[1] == "–"
