from __future__ import annotations

import pytest

from upscaler.engine.backends.session_pool import SessionPool


def test_a_session_is_made_where_all_are_at_work_and_idle_ones_are_taken_first() -> None:
    made: list[object] = []
    pool = SessionPool(lambda: made.append(object()) or made[-1], keep=2)
    assert len(made) == 1, "the first one at once, so that a failure is seen when the model is loaded"

    with pool.taken() as first, pool.taken() as second:
        assert second is not first
    with pool.taken() as again:
        assert again is first

    assert made == [first, second]


def test_no_more_are_kept_than_asked_for() -> None:
    made: list[object] = []
    pool = SessionPool(lambda: made.append(object()) or made[-1], keep=1)

    with pool.taken(), pool.taken() as urgent:
        pass
    with pool.taken(), pool.taken() as other:
        pass

    assert len(made) == 3
    assert other is not made[0]
    assert urgent is made[1]


def test_a_session_that_failed_is_not_used_again() -> None:
    pool = SessionPool(object, keep=2)

    with pytest.raises(MemoryError), pool.taken() as failed:
        raise MemoryError
    with pool.taken() as session:
        assert session is not failed
