"""The two rings of descriptors, and when to wake the other side."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from weft.component.errors import ProtocolError

if TYPE_CHECKING:
    from weft.component.memory import Memory

__all__ = ["BATCH", "Rings"]

BATCH = 256  # descriptors handed over at once, at most
SIZE = 16  # bytes of a descriptor
TAIL_IN, TAIL_OUT = 64 // 4, 128 // 4
SLEEPY, ENGINE_SLEEPY = 192 // 4, 256 // 4
MASK = 0xFFFFFFFF


class Rings:
    """Reads descriptors into `buffer`, writes them back, moves the tails.

    `fence` is a full memory barrier. Python has no instruction for one, but a held lock that is released
    and taken again is one: on x86 either step is a locked instruction; on ARM a release followed by
    an acquire keeps everything before it before everything after it.
    """

    def __init__(self, memory: Memory) -> None:
        welcome = memory.welcome
        self.words = memory.link[: len(memory.link) & ~3].cast("I")
        self.entries = welcome.entries
        end_in = welcome.ring_in + SIZE * welcome.entries
        end_out = welcome.ring_out + SIZE * welcome.entries
        self.incoming = memory.link[welcome.ring_in : end_in]
        self.outgoing = memory.link[welcome.ring_out : end_out]
        self.buffer = bytearray(SIZE * BATCH)
        self.view = memoryview(self.buffer)
        self.taken = 0
        self.given = 0
        lock = threading.Lock()
        lock.acquire()
        self._release, self._acquire = lock.release, lock.acquire

    def fence(self) -> None:
        """A full memory barrier."""
        self._release()
        self._acquire()

    def empty(self) -> bool:
        """Whether there is nothing to receive."""
        return self.words[TAIL_IN] == self.taken

    def receive(self) -> int:
        """Copies the next descriptors, at most BATCH, into `buffer`; how many."""
        taken, entries = self.taken, self.entries
        count = (self.words[TAIL_IN] - taken) & MASK
        if not count:
            return 0
        if count > entries:
            raise ProtocolError(f"the engine's tail is {count} ahead in a ring of {entries}")
        self._release()
        self._acquire()
        if count > BATCH:
            count = BATCH
        first = taken & (entries - 1)
        fits = entries - first
        if count <= fits:
            self.view[: count * SIZE] = self.incoming[first * SIZE : (first + count) * SIZE]
        else:
            self.view[: fits * SIZE] = self.incoming[first * SIZE :]
            self.view[fits * SIZE : count * SIZE] = self.incoming[: (count - fits) * SIZE]
        self.taken = (taken + count) & MASK
        return count

    def put(self, descriptor: bytes) -> None:
        """Writes one descriptor; the engine sees it with those that are given next."""
        at = SIZE * (self.given & (self.entries - 1))
        self.outgoing[at : at + SIZE] = descriptor
        self.given = (self.given + 1) & MASK

    def give(self, descriptors: memoryview, count: int) -> bool:
        """Writes the first `count` of `descriptors`, moves the tail; whether to wake the engine."""
        given, entries = self.given, self.entries
        first = given & (entries - 1)
        fits = entries - first
        if count <= fits:
            self.outgoing[first * SIZE : (first + count) * SIZE] = descriptors[: count * SIZE]
        else:
            self.outgoing[first * SIZE :] = descriptors[: fits * SIZE]
            self.outgoing[: (count - fits) * SIZE] = descriptors[fits * SIZE : count * SIZE]
        self.given = given = (given + count) & MASK
        words = self.words
        self._release()
        self._acquire()
        words[TAIL_OUT] = given
        self._release()
        self._acquire()
        if words[ENGINE_SLEEPY]:
            words[ENGINE_SLEEPY] = 0
            return True
        return False

    def may_sleep(self) -> bool:
        """Says that this side is about to sleep; False if there is something to receive after all."""
        self.words[SLEEPY] = 1
        self.fence()
        if self.words[TAIL_IN] == self.taken:
            return True
        self.words[SLEEPY] = 0
        return False

    def awake(self) -> None:
        """Takes back what `may_sleep` said."""
        self.words[SLEEPY] = 0
