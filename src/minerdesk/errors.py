"""Everything that can go wrong, drawn as one tree.

::

    MinerdeskError                 the base: catch this to catch all of ours
    ├── InputError                 what was asked for cannot be answered as asked
    │   ├── UnknownTicker          the desk has no such company
    │   ├── NoSession              the exchange was closed that day, or the day lies outside the archive
    │   ├── UnknownReference       a ``ref`` that leads nowhere
    │   └── UnreadableInput        bytes that cannot be read as what they are said to be
    ├── SourceError                a source could not deliver          (``retry`` says whether to ask again)
    │   ├── SourceUnavailable      no answer, or a passing fault       retry: yes
    │   └── SourceRefused          refused, or asked wrongly           retry: no
    └── ArchiveError               the archive itself
        ├── ArchiveBusy            another writer holds it             retry: yes
        ├── ArchiveMissing         there is none at this place
        └── ArchiveDamaged         bytes differ from their digest, or a table cannot be opened

Odd *data* is no error: it becomes a stored :class:`minerdesk.records.Finding`.
"""

from __future__ import annotations


class MinerdeskError(Exception):
    """Base of all errors raised by this package. ``retry`` is true where asking again can help."""

    retry = False


class InputError(MinerdeskError):
    """What was asked for cannot be answered as asked; the message says what can."""


class UnknownTicker(InputError):
    """The desk has no company of this ticker."""


class NoSession(InputError):
    """No trading session on the day asked for, or none in the archive."""


class UnknownReference(InputError):
    """A reference that leads to no figure and no row."""


class UnreadableInput(InputError):
    """Bytes that cannot be read as what they are said to be."""


class SourceError(MinerdeskError):
    """A source could not deliver."""


class SourceUnavailable(SourceError):
    """No answer, or a passing fault: asking again can help."""

    retry = True


class SourceRefused(SourceError):
    """Refused or asked wrongly: asking again will not help."""


class ArchiveError(MinerdeskError):
    """Something is wrong with the archive itself."""


class ArchiveBusy(ArchiveError):
    """Another process is writing."""

    retry = True


class ArchiveMissing(ArchiveError):
    """There is no archive at this place."""


class ArchiveDamaged(ArchiveError):
    """Bytes differ from their digest, or a table cannot be opened."""
