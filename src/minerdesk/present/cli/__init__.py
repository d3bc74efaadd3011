"""The command line. ``main`` is the entry point: errors of ours become one clear line and exit code 2."""

from __future__ import annotations

import sys

from minerdesk.errors import MinerdeskError


def main() -> None:
    """Run the command line; exit 0 when answered, 1 when ``doctor`` found a fault, 2 for an error."""
    # each topic's module registers its commands
    from minerdesk.present.cli import cost, events, network  # noqa: F401
    from minerdesk.present.cli.commands import app

    try:
        app()
    except MinerdeskError as fault:
        hint = " (asking again may help)" if fault.retry else ""
        sys.stderr.write(f"minerdesk: {fault}{hint}\n")
        raise SystemExit(2) from None
    except BrokenPipeError:
        # the reader of a pipe (head, less) went away: nothing is wrong
        sys.stderr.close()
        raise SystemExit(0) from None
