"""Classes of what is alike, against NumPy's and plain sets."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from aliquot.alike import partition


def classes(found: partition.Partition) -> list[frozenset[int]]:
    """List the members of each class."""
    return [frozenset(np.flatnonzero(found.of == k).tolist()) for k in range(found.count)]


def grouped(keys: list) -> set[frozenset[int]]:
    """Put places with equal keys together, one after the other."""
    places: dict = {}
    for place, key in enumerate(keys):
        places.setdefault(key, set()).add(place)
    return set(map(frozenset, places.values()))


def check(found: partition.Partition, keys: list) -> None:
    assert set(classes(found)) == grouped(keys)
    np.testing.assert_array_equal(found.of[found.first], np.arange(found.count))


@pytest.mark.parametrize("room", [40, 10_000_000])
def test_codes(rng, room):
    codes = rng.integers(0, 40, 200) * (room // 40)
    check(partition.by_code(codes, room), codes.tolist())


def test_several_codes_together_whatever_their_rooms(rng):
    codes = [rng.integers(0, 3, 300) for _ in range(6)]
    check(partition.together(codes, [2**20] * 6), list(zip(*codes, strict=True)))


@pytest.mark.parametrize(
    "values",
    [
        np.array([0.0, -0.0, 1.0, 0.0, np.nan, np.nan, -np.inf, np.inf, -np.inf]),
        np.array([2**62, -(2**62), 2**62, 5]),
        np.array([200, 3, 200], np.uint8),
        np.array([True, False, True]),
    ],
)
def test_values_by_their_bits(values):
    found = partition.by_value(values)
    assert found is not None
    check(found, [value.tobytes() for value in values])


def test_very_many_numbers_that_all_differ_are_not_sorted():
    assert partition.by_value(np.arange(100_000.0)) is None
    found = partition.by_value(np.arange(100_000.0) % 30_000)  # the sample has 600 pairs or so
    assert found is not None
    assert found.count == 30_000


def test_rows_by_what_they_hold_and_how_often(rng):
    rows = rng.integers(0, 3, (100, 4))
    counts = [tuple(sorted(Counter(row).items())) for row in rows.tolist()]
    check(partition.by_members(rows, 3), counts)
    check(partition.by_order(rows, 3), list(map(tuple, rows.tolist())))


def test_segments_are_rows_of_different_lengths(rng):
    members, target = rng.integers(0, 3, 400), rng.integers(0, 90, 400)
    counts = [tuple(sorted(Counter(members[target == row].tolist()).items())) for row in range(90)]
    check(partition.by_segment(members, target, 90, 3), counts)
