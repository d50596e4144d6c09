"""Finds what is repeated among any number of rows, in eight bytes for each.

Only hashes are kept, so two different pairs may seem alike: whoever asks looks at the rows again.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import concat

SHARDS = 16  # so that the set made of each is small
SHARD_OF = [bytes(byte % SHARDS == shard for byte in range(256)) for shard in range(SHARDS)]
HIGHEST = 7 if sys.byteorder == "little" else 0
AT_ONCE = 50_000  # some 20 MB of rows


class Repeats:
    def __init__(self) -> None:
        self._shards = [array("q") for _shard in range(SHARDS)]

    def add(self, groups: Sequence[str], members: Sequence[str]) -> None:
        """Take pairs on. One without a member is none."""
        hashes = list(pair_hashes(groups, members) if all(members) else compress(pair_hashes(groups, members), members))
        # One byte of each says where it goes; sorted out in C, without a look at each.
        highest = memoryview(array("q", hashes)).cast("B")[HIGHEST::8].tobytes()
        for shard, belongs in zip(self._shards, SHARD_OF, strict=True):
            shard.extend(list(compress(hashes, highest.translate(belongs))))

    def found(self) -> Iterator[set[int]]:
        """Hashes that occur more than once, in sets of a size that one pass over the file can keep rows for."""
        repeated: set[int] = set()
        for shard in self._shards:
            if len(set(shard)) < len(shard):
                repeated |= twice(shard)
            if len(repeated) >= AT_ONCE:
                yield repeated
                repeated = set()
        if repeated:
            yield repeated


def pair_hashes(groups: Iterable[str], members: Iterable[str]) -> Iterable[int]:
    """One number for each pair, without making the pair."""
    return map(hash, map(concat, groups, members))


def twice(values: Iterable[int]) -> set[int]:
    seen: set[int] = set()
    repeated: set[int] = set()
    for value in values:
        (repeated if value in seen else seen).add(value)
    return repeated
