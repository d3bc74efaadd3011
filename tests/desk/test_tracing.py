"""Every figure of a week walks back to bytes, and what stands there is the number."""

from __future__ import annotations

import pytest

from minerdesk.desk import Desk
from minerdesk.desk.tracing import Trace, traces
from minerdesk.desk.views import View
from minerdesk.errors import UnknownReference
from minerdesk.records import Figure
from minerdesk.store import snapshots

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.fixture(scope="module")
def view(desk: Desk) -> View:
    return desk.week("2025-12-05")


SECTOR = (
    "sector_return_fraction ex_event_return_fraction sector_cap_gross_end_usd sector_cap_net_end_usd advancers "
    "btc_return_fraction beta_to_btc divergence_z turnover_usd share_volume"
).split()


@pytest.fixture(scope="module")
def traced(desk: Desk, view: View) -> dict[str, Trace]:
    """The week's main figures and all of its names by ref, followed to their ends."""
    cells = [cell for row in view.tables["names"] for cell in row.values()]
    figures = [f for f in cells if isinstance(f, Figure) and f.value is not None]
    wanted = [figure.ref for figure in [*figures, *(view[name] for name in SECTOR)]]
    return {ref: found for ref, found in traces(desk, view, wanted).items() if ref in view.nodes}


def test_every_figure_ends_in_bytes(desk: Desk, view: View, traced: dict[str, Trace]) -> None:
    held = {card.sha256 for card in snapshots.cards(desk.archive.path)}
    assert len(traced) > 400
    for ref, found in traced.items():
        assert found.value == view.nodes[ref].value, ref
        leaves = list(found.leaves())
        assert leaves, ref
        for leaf in leaves:
            assert leaf.sources or leaf.note, f"{ref} ends at {leaf.ref}, which rests on nothing"
            assert {source.snapshot for source in leaf.sources} <= held


def test_the_number_stands_where_the_trace_leads(view: View, traced: dict[str, Trace]) -> None:
    """Observed closes and stakes: the excerpt, cut from the bytes, is the value."""
    observed = [found for ref, found in traced.items() if not view.nodes[ref].method]
    assert len(observed) > 2 * 34
    for found in observed:
        [source] = found.sources
        assert float(source.excerpt.split(" = ")[1]) == found.value, (found.ref, source)


def test_derived_figures_name_method_and_inputs(traced: dict[str, Trace]) -> None:
    sector = traced["week/2025-12-05/sector_return_fraction"]
    assert sector.method == "measures.market.sector_return_fraction"
    assert [branch.ref.rsplit("/", 1)[-1] for branch in sector.inputs] == [
        "price_effect_usd",
        "sector_cap_with_return_usd",
    ]
    names = {leaf.ref.split("/")[1] for leaf in sector.leaves()}
    assert len(names) == 34


def test_one_close(desk: Desk) -> None:
    found = desk.trace("closes/ABTC/2025-12-05")
    [source] = found.sources
    assert source.excerpt == "ABTC = 2.23"
    assert (source.name, source.locator) == ("closes.csv", "line=132;column=ABTC")
    raw = snapshots.content(desk.archive.path, source.snapshot).decode().splitlines()
    assert raw[131].startswith("2025-12-05,2.23,")


@pytest.mark.parametrize(
    "ref",
    [
        "closes/NOBODY/2025-12-05",
        "closes/ABTC/2025-12-06",
        "week/2025-12-05/no_such_figure",
        "nothing",
        "nothing/2025-12-05/x",
        "",
    ],
)
def test_a_ref_that_leads_nowhere(desk: Desk, ref: str) -> None:
    with pytest.raises(UnknownReference):
        desk.trace(ref)


def test_a_row_is_unknown_before_it_was_known(desk: Desk) -> None:
    with pytest.raises(UnknownReference, match="no row known then"):
        desk.trace("closes/ABTC/2025-12-05", as_of="2025-12-04")
