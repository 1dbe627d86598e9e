"""The parameters of a job can be sent again as they are, and come back the same."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.views.api.conftest import Program
from upscaler.client.forms import form_of
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.option_kinds import Choice, Flag, Option, WholeNumber
from upscaler.engine.options import OPTIONS

# The image has 8 x 8 pixels, and the largest factor is 8.
TARGETS = st.integers(8, 64)


def values(option: Option) -> st.SearchStrategy[Any]:
    """Return any value of an option."""
    kind = option.kind
    if isinstance(kind, Choice):
        return st.sampled_from(sorted(kind.labels))
    if isinstance(kind, Flag):
        return st.booleans()
    if isinstance(kind, WholeNumber):
        return TARGETS if kind.unit else st.sampled_from(kind.allowed)
    return st.sampled_from(sorted(MODELS))


@st.composite
def choices(draw: st.DrawFn) -> dict[str, Any]:
    """Return options that go together."""
    sent = {name: draw(values(option)) for name, option in OPTIONS.items() if draw(st.booleans())}
    if "model" in sent:
        sent.pop("detail", None)
    if {"target_width", "target_height"} & set(sent):
        sent["factor"] = "fit"
    sent.setdefault("factor", "2x")
    return sent


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=choices())
def test_parameters_come_back_and_can_be_sent_again(admin: Program, sent: dict[str, Any]) -> None:
    def params_of(answer: Any) -> dict[str, Any]:
        assert answer.status_code == 202, answer.text
        return dict(admin.get(f"/jobs/{answer.get_json()['job_id']}").get_json()["params"])

    first = admin.upload(**form_of(sent))
    params = params_of(first)

    assert {name: params[name] for name in sent} == sent
    assert params_of(admin.upload(**form_of(params))) == params
    as_json = admin.post(f"/jobs/{first.get_json()['job_id']}/requeue", json=params)
    assert params_of(as_json) == params
