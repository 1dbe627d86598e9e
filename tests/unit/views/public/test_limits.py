from config import RuntimeValues
from upscaler.engine.options import OPTIONS, PRESETS
from upscaler.views.public.limits import page_limits


def limits(*, signed_in=False, **values):
    return page_limits(RuntimeValues.model_validate(values), signed_in=signed_in)


def test_it_says_the_limits_in_words(site):
    page = limits()
    assert page["max_upload_text"] == "15 MB"
    assert page["max_side_text"] == "8,000"
    assert page["max_pixels_text"] == "64 megapixels"
    assert page["kinds_text"] == "JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF, BMP"
    assert page["link_text"] == "24 hours"
    assert page["keep_text"].startswith("Kept until you delete it")
    assert "after 7 days" in limits(visitor_keep_days=7)["keep_text"]
    assert "after 1 day," in limits(visitor_keep_days=1)["keep_text"]


def test_scripts_know_which_options_change_a_quote_and_a_preview(site):
    page = limits()
    assert {"factor", "preset", "output_format", "target_width"} <= set(page["quote_options"])
    assert {"factor", "denoise", "detail", "match_colours"} <= set(page["preview_options"]) <= set(OPTIONS)
    assert not {"keep_metadata"} & {*page["quote_options"], *page["preview_options"]}


def test_each_preset_is_described(site):
    assert tuple(limits()["presets"]) == PRESETS
    assert all(limits()["presets"].values())


def test_a_file_picker_accepts_types_and_endings_of_the_allowed_kinds_only(site):
    assert limits(allowed_mimes=["image/png", "image/jpeg"])["accept"] == (
        "image/jpeg,image/png,.jpg,.jpeg,.jpe,.jfif,.jif,.jfi,.mpo,.png,.apng"
    )


def test_each_rate_is_a_phrase(site):
    assert limits(rate_limit="1 per minute; 20 per day")["uploads_text"] == [
        "1 image per minute",
        "20 images per day",
    ]
    assert limits(rate_limit="100 per 2 hour")["uploads_text"] == ["100 images per 2 hours"]


def test_no_rate_is_no_phrase(site):
    assert limits(rate_limit="off")["uploads_text"] == []


def test_short_links_are_given_in_minutes(site):
    assert limits(link_ttl_seconds=60)["link_text"] == "1 minute"
    assert limits(link_ttl_seconds=1_800)["link_text"] == "30 minutes"


def test_an_account_has_limits_of_its_own(site):
    page = limits(signed_in=True, account_rate_limit="3 per day", account_keep_days=7)

    assert page["uploads_text"] == ["3 images per day"]
    assert "after 7 days" in page["keep_text"]


def test_the_scripts_get_the_signatures_of_the_allowed_formats_only(site):
    assert limits(allowed_mimes=["image/webp", "image/avif"])["input_formats"] == [
        {"name": "webp", "signatures": [[[0, "52494646"], [8, "57454250"]]], "brands": []},
        {"name": "avif", "signatures": [], "brands": ["avif", "avis"]},
    ]
