from __future__ import annotations

from pathlib import Path

from upscaler.services.files.incoming import IncomingFile


def test_only_a_name_that_the_sender_gave_is_a_claim_about_the_content() -> None:
    assert IncomingFile(Path("unused"), "cat.png").claimed_name == "cat.png"
    assert IncomingFile(Path("unused"), "cat.png", guessed_name=True).claimed_name == ""
