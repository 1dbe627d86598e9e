from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.errors import InvalidParameter, UnknownModel
from upscaler.services.jobs import offers

LIMITS = RuntimeValues(factors=("2x", "4x"))


@pytest.mark.parametrize(
    "given", [{}, {"factor": "2x"}, {"factor": "fit"}, {"factor": "9x"}, {"model": "not a name!"}]
)
def test_what_is_offered_or_no_option_at_all_passes(db_session: Session, given: dict[str, str]) -> None:
    offers.check(db_session, LIMITS, given)


def test_a_factor_that_the_operator_does_not_offer_is_refused(db_session: Session) -> None:
    with pytest.raises(InvalidParameter, match="2x, 4x"):
        offers.check(db_session, LIMITS, {"factor": "8x"})


def test_a_model_that_is_not_there_is_refused(db_session: Session) -> None:
    with pytest.raises(UnknownModel):
        offers.check(db_session, LIMITS, {"model": "nowhere"})


def test_both_are_reported_at_once(db_session: Session) -> None:
    with pytest.raises(InvalidParameter) as caught:
        offers.check(db_session, LIMITS, {"factor": "8x", "model": "nowhere"})
    parameters = [caught.value.parameter, *(error.parameter for error in caught.value.related)]
    assert parameters == ["factor", "model"]
