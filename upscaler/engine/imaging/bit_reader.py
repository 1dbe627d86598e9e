"""Numbers of any number of bits, one behind the other."""

from __future__ import annotations


class BitReader:
    """A place in a run of bits, the highest bit of a byte first.

    Args:
        data: the bytes.

    """

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def bits(self, count: int) -> int:
        """Return the next bits as a number.

        Raises:
            EOFError: fewer are left.

        """
        if count > self._left:
            raise EOFError
        self._left -= count
        return self._number >> self._left & ((1 << count) - 1)

    def flag(self) -> bool:
        """Return the next bit."""
        return bool(self.bits(1))

    def exponential(self) -> int:
        """Return a number of ue(v), the code of HEVC (Rec. ITU-T H.265, 9.2) and of AV1's uvlc."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > 32:
                raise EOFError
        return (1 << zeros) - 1 + self.bits(zeros)
