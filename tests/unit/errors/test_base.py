from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from upscaler import errors
from upscaler.errors import EngineCrashed, InvalidParameter, StorageFull, UpscalerError
from upscaler.errors.base import combined

PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def tree(kind: type[UpscalerError]) -> Iterator[type[UpscalerError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


ERRORS = [kind for kind in tree(UpscalerError) if kind.__module__.startswith("upscaler.errors")]


def test_a_message_is_filled_in_from_the_values() -> None:
    error = UpscalerError("The %(animal)s is %(size)s.", animal="cat", size=3)

    assert error.detail == str(error) == "The cat is 3."


def test_a_message_without_values_may_hold_a_percent_sign() -> None:
    assert UpscalerError("100 % of it").detail == "100 % of it"


def test_a_reason_is_for_the_operator_unless_the_message_names_it() -> None:
    crash = EngineCrashed(reason="SIGSEGV")
    named = UpscalerError("It failed: %(reason)s.", reason="no weights")

    assert "SIGSEGV" not in crash.detail
    assert crash.internal_detail == str(crash) == f"{crash.detail} (SIGSEGV)"
    assert named.internal_detail == named.detail == "It failed: no weights."


def test_an_error_names_the_parameter_at_fault_where_one_is() -> None:
    assert InvalidParameter(name="factor", value="5x", choices="2x").parameter == "factor"
    assert StorageFull().parameter is None


def test_of_several_errors_the_first_carries_the_others() -> None:
    first, second, third = (InvalidParameter(name=name, value="", choices="") for name in "abc")

    assert combined([first, second, third]) is first
    assert first.related == (second, third)
    assert second.related == ()


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
class TestEveryError:
    def test_it_crosses_the_pipe_of_a_child_by_its_name(self, kind: type[UpscalerError]) -> None:
        assert getattr(errors, kind.__name__) is kind

    def test_it_has_the_status_of_an_error_and_a_code_of_its_own(self, kind: type[UpscalerError]) -> None:
        assert 400 <= kind.status < 600
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
        same = [other for other in ERRORS if other.code == kind.code]
        # Errors that a client handles alike share a code, and then status and ancestor as well.
        assert {other.status for other in same} == {kind.status}
        assert any(all(issubclass(other, ancestor) for other in same) for ancestor in same)

    def test_its_words_are_a_title_and_sentences(self, kind: type[UpscalerError]) -> None:
        assert "%" not in kind.title
        assert not kind.title.endswith(".")
        assert kind.message.endswith(".")
        assert "%" not in PLACEHOLDER.sub("", kind.message)
