"""What a section writes from: the views of one date, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from minerdesk.desk.views import View
from minerdesk.present.document import Name, Number, Paragraph, Run, Runs
from minerdesk.present.format import Printer
from minerdesk.present.words import Words
from minerdesk.records import Figure


@dataclass(frozen=True)
class Edition:
    """``week`` is the view the report is about; ``views`` holds those of later topics by name."""

    words: Words
    print: Printer
    week: View
    views: Mapping[str, View]

    @property
    def language(self) -> str:
        return self.words.language

    @property
    def end(self) -> date:
        return date.fromisoformat(self.week.facts["week_end"])

    @property
    def start(self) -> date:
        return date.fromisoformat(self.week.facts["week_start"])

    def says(self, template: str, **runs: Run | Runs | str) -> Paragraph:
        return Paragraph(self.words.sentence(template, **runs))

    def note(self, template: str, **runs: Run | Runs | str) -> Paragraph:
        return Paragraph(self.words.sentence(template, **runs), kind="note")

    def moved(self, figure: Figure, rose: str, fell: str, flat: str, **runs: Run | Runs | str) -> Runs:
        """One of three sentences by the sign of ``figure`` as it is printed; its size fills ``{change}``."""
        size = self.print.size(figure)
        value = round(float(figure), 3)
        template = rose if value > 0 else fell if value < 0 else flat
        return self.words.sentence(template, change=size, **runs)


def cell(run: Run | Runs | Any) -> Runs:
    """Anything as the runs of a table's cell."""
    if isinstance(run, tuple):
        return run
    return (run if isinstance(run, Number) or hasattr(run, "text") else Name(str(run)),)
