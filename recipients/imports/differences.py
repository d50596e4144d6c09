"""Finds keys that stand on several rows, or on rows that say different things, in eight or sixteen bytes for each row.

Only hashes are kept, so two keys may seem alike, or two rows that differ: whoever asks looks at the rows again.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

from recipients.imports import repeats
from recipients.imports.repeats import HIGHEST, SHARD_OF, SHARDS, twice


class Differences:
    """`all_repeats`: also keys whose rows all say the same."""

    def __init__(self, *, all_repeats: bool) -> None:
        self._all = all_repeats
        self._shards = [(array("q"), array("q")) for _shard in range(SHARDS)]

    def add(self, keys: Sequence[int], said: Sequence[int]) -> None:
        """Take rows on: the hash of each one's key, and the hash of what it says."""
        highest = memoryview(array("q", keys)).cast("B")[HIGHEST::8].tobytes()
        for (mine, theirs), belongs in zip(self._shards, SHARD_OF, strict=True):
            chosen = highest.translate(belongs)
            mine.extend(list(compress(keys, chosen)))
            if not self._all:
                theirs.extend(list(compress(said, chosen)))

    def found(self) -> Iterator[set[int]]:
        """Hashes of keys, in sets of a size that one pass over the file can keep rows for."""
        waiting: set[int] = set()
        for keys, said in self._shards:
            if len(set(keys)) < len(keys):
                waiting |= twice(keys) if self._all else _differing(keys, said)
            if len(waiting) >= repeats.AT_ONCE:
                yield waiting
                waiting = set()
        if waiting:
            yield waiting


def _differing(keys: Iterable[int], said: Iterable[int]) -> set[int]:
    first: dict[int, int] = {}
    return {key for key, says in zip(keys, said, strict=True) if first.setdefault(key, says) != says}
