"""Parts of a file, read as one file."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upscaler.engine.imaging.file_parts import FileParts

CONTENT = bytes(range(200))
PARTS = st.lists(st.tuples(st.integers(0, 190), st.integers(0, 10)) | st.binary(max_size=10), max_size=6)


@given(parts=PARTS, start=st.integers(0, 80), sizes=st.lists(st.integers(0, 30), max_size=8))
def test_it_reads_what_the_parts_make_together(parts, start, sizes):
    whole = b"".join(
        part if isinstance(part, bytes) else CONTENT[part[0] : part[0] + part[1]] for part in parts
    )
    with io.BufferedReader(FileParts(io.BytesIO(CONTENT), parts), 16) as file:
        file.seek(start)
        place = start
        for size in sizes:
            assert file.read(size) == whole[place : place + size]
            place = max(place, min(len(whole), place + size)) if place < len(whole) else place
            assert file.tell() == place


@pytest.mark.parametrize(("offset", "whence", "place"), [(3, 0, 3), (-2, 2, 8), (0, 2, 10), (-5, 0, 0)])
def test_it_moves_as_files_do(offset, whence, place):
    parts = FileParts(io.BytesIO(CONTENT), [(0, 4), (100, 6)])
    assert parts.seek(offset, whence) == parts.tell() == place


def test_a_part_beyond_the_end_of_the_file_ends_it():
    assert FileParts(io.BytesIO(b"abc"), [(1, 10)]).readall() == b"bc"
