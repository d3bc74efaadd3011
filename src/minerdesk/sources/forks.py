"""The live end of a header chain, where it forks: each verified branch is kept, the one with most work leads.

For some thousands of headers; the long chain behind is :func:`minerdesk.sources.headers.verify`'s work, and
its tip is the root here.
"""

from __future__ import annotations

from dataclasses import replace

from minerdesk.consensus import HEADER_BYTES, block_hash
from minerdesk.sources.chain import REASONS, Fault, Tip, extend


class HeaderTree:
    """Verified headers that descend from ``root``, by hash.

    ``best`` is the tip with the most work; of two with equal work the one seen first, as in Bitcoin Core.
    """

    def __init__(self, root: Tip) -> None:
        self.best = root
        self._root = root
        self._tips: dict[bytes, Tip] = {} if root.block_hash is None else {root.block_hash: root}
        self._parents: dict[bytes, bytes] = {}

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._tips

    def add(self, header: bytes, *, clock: int | None = None) -> Fault | None:
        """Take in a header after any known one; the fault where it is refused (with height -1
        where the header before is not known). A repeat changes nothing."""
        digest, previous = block_hash(header), header[4:36]
        if digest in self._tips:
            return None
        parent = self._tips.get(previous)
        if parent is None:
            alone = extend(Tip(self._root.network, 0), header).fault
            if alone and alone.reason == "work":
                return replace(alone, height=-1)
            detail = f"{REASONS['linkage']} (it names {previous[::-1].hex()}, which is not known)"
            return Fault(-1, 0, "linkage", detail, digest[::-1].hex())
        result = extend(parent, header, clock=clock)
        if result.fault:
            return result.fault
        self._tips[digest], self._parents[digest] = result.tip, previous
        if result.tip.work > self.best.work:
            self.best = result.tip
        return None

    def extend(self, content: bytes, *, clock: int | None = None) -> Fault | None:
        """:meth:`add` for a run of headers, up to the first fault."""
        for at in range(0, len(content), HEADER_BYTES):
            if fault := self.add(content[at : at + HEADER_BYTES], clock=clock):
                return fault
        return None

    def branch(self) -> tuple[int, list[bytes]]:
        """Height of the root, and the hashes from the root to ``best`` (wire order)."""
        found = []
        digest = self.best.block_hash
        while digest is not None:
            found.append(digest)
            digest = self._parents.get(digest)
        return self._root.height, found[::-1]
