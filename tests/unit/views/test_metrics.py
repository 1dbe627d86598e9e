"""The figures for monitoring over HTTP: who may read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.support.application import application
from upscaler.errors import StorageUnavailable
from upscaler.services.monitoring.statistics import StorageMeter

TOKEN = "a token of the monitoring"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with application(DATA_DIR=str(tmp_path), METRICS_TOKEN=TOKEN) as app:
        yield app


def test_a_caller_with_the_token_reads_the_figures(client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"upscaler_info", "upscaler_jobs", "upscaler_storage_used_bytes"} <= names


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", "Bearer \xe9"]
)
def test_nobody_else_does(client: FlaskClient, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}

    answer = client.get("/metrics", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "upscaler_jobs" not in answer.text


def test_without_a_token_there_is_nothing(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path)) as app:
        answer = app.test_client().get("/metrics", headers={"Authorization": "Bearer "})

    assert answer.status_code == 404


def test_a_storage_that_is_away_keeps_no_other_figure_back(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: StorageMeter) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(StorageMeter, "figures", away)

    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert "upscaler_workers_online" in answer.text
    assert "upscaler_storage" not in answer.text
