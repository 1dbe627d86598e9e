"""A batch on its whole way, over HTTP."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

from PIL import Image

from tests.support.photographs import photograph, psnr, save_photograph
from tests.support.service import JOB_SECONDS, LiveService
from tests.support.zips import raw_zip


def test_a_batch_is_upscaled_and_comes_back_as_one_archive(live_service: LiveService, tmp_path: Path) -> None:
    side = 48
    names = {"coffee": "coffee.jpg", "astronaut": "astronaut.png"}
    images = [save_photograph(name, tmp_path / file, side) for name, file in names.items()]
    (tmp_path / "notes.png").write_bytes(b"no image")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in [*images, tmp_path / "notes.png"]:
            archive.write(path, f"holiday/{path.name}")

    with live_service.client() as client:
        sent = client.upload_batch([tmp_path / "all.zip"], factor="2x", preset="standard")
        batch = client.wait_for_batch(sent.id, timeout_seconds=JOB_SECONDS)
        client.download_batch(batch, tmp_path / "results.zip")

    assert [item["status"] for item in sent.items][2] == "refused"
    assert (batch.status, batch.progress) == ("partly_failed", 100)
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        coffee, astronaut, notes = manifest["items"]
        assert archive.namelist() == ["coffee-2x.png", "astronaut-2x.png", "manifest.json"]
        for item, name in ((coffee, "coffee"), (astronaut, "astronaut")):
            content = archive.read(item["result"])
            assert (item["status"], item["size_bytes"]) == ("completed", len(content))
            assert item["sha256"] == hashlib.sha256(content).hexdigest()
            original = photograph(name, side)
            with archive.open(item["result"]) as file, Image.open(file) as result:
                assert result.size == (2 * original.width, 2 * original.height)
                assert psnr(result.resize(original.size, Image.Resampling.BOX), original) > 20
    assert (notes["status"], notes["result"]) == ("refused", None)
    assert notes["error"]["code"] == "unsupported_image"


def test_names_of_any_encoding_come_back_as_they_were(live_service: LiveService, tmp_path: Path) -> None:
    image = save_photograph("coffee", tmp_path / "coffee.png", 16).read_bytes()
    names = ["写真/海辺の猫.png", "写真/スクリーンショット.jpg", "写真/Thumbs.db", "__MACOSX/._写真.png"]
    (tmp_path / "all.zip").write_bytes(raw_zip([(name.encode("cp932"), image) for name in names]))

    with live_service.client() as client:
        sent = client.upload_batch([tmp_path / "all.zip"], factor="2x", preset="standard")
        batch = client.wait_for_batch(sent.id, timeout_seconds=JOB_SECONDS)
        client.download_batch(batch, tmp_path / "results.zip")
        second = client.job(batch.items[1]["job_id"])

    assert (batch.status, [item["filename"] for item in batch.items]) == (
        "completed",
        ["海辺の猫.png", "スクリーンショット.jpg"],
    )
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        results = archive.infolist()[:-1]
        assert [entry.filename for entry in results] == ["海辺の猫-2x.png", "スクリーンショット-2x.png"]
        assert all(entry.flag_bits & 0x800 for entry in results), "marked as UTF-8"
        manifest = json.loads(archive.read("manifest.json"))
        assert [item["result"] for item in manifest["items"]] == [entry.filename for entry in results]
    assert second.data["receipt"]["changed"][0] == {
        "code": "name_mismatch",
        "values": {"named": "JPEG", "format": "PNG"},
        "text": "The name says JPEG, the content is PNG",
    }
