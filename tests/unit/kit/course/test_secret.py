"""The course's secret: made once, for its owner alone; its keys tell nothing of one another."""

from types import SimpleNamespace

import pytest

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.secret import digest_of_keys, held_out_seed, input_key, make_secret, secret_file


def course(root, seed="s"):
    return SimpleNamespace(root=root, id="c", seed=seed)


def test_a_secret_is_128_random_bits_made_once(tmp_path):
    assert ".secret: made" in make_secret(course(tmp_path))
    text = secret_file(course(tmp_path)).read_text()
    assert len(bytes.fromhex(text)) == 16
    assert make_secret(course(tmp_path)) == ""
    assert secret_file(course(tmp_path)).read_text() == text
    assert secret_file(course(tmp_path)).stat().st_mode & 0o777 == 0o600


def test_hidden_inputs_depend_on_the_seed_and_the_secret_held_out_data_on_the_secret_and_their_name(tmp_path):
    make_secret(course(tmp_path))
    inputs, data = input_key(course(tmp_path)), held_out_seed(course(tmp_path), "swings")
    assert input_key(course(tmp_path, "another")) != inputs
    assert held_out_seed(course(tmp_path, "another"), "swings") == data != held_out_seed(course(tmp_path), "cups")
    before = digest_of_keys(course(tmp_path))
    secret_file(course(tmp_path)).unlink()
    make_secret(course(tmp_path))
    assert input_key(course(tmp_path)) != inputs
    assert held_out_seed(course(tmp_path), "swings") != data
    assert digest_of_keys(course(tmp_path)) != before


def test_no_key_shows_the_secret_or_another_key(tmp_path):
    make_secret(course(tmp_path))
    shown = [
        input_key(course(tmp_path)),
        f"{held_out_seed(course(tmp_path), 'swings'):x}",
        digest_of_keys(course(tmp_path)),
    ]
    known = [secret_file(course(tmp_path)).read_text().strip(), *shown]
    assert not any(one in other for one in known for other in known if one is not other)


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        (None, 0o600, "there is no such file (put the course's own back from your backup; if it never had one"),
        ("sunflower", 0o600, "this is not 128 random bits as hexadecimal digits"),
        ("0" * 31, 0o600, "this is not 128 random bits as hexadecimal digits"),
        ("0123456789abcdef" * 2, 0o644, "other users can read it (run: chmod 600 "),
    ],
)
def test_a_secret_that_is_none_is_said_with_the_mend(tmp_path, text, mode, complaint):
    if text is not None:
        secret_file(course(tmp_path)).write_text(text)
        secret_file(course(tmp_path)).chmod(mode)
    with pytest.raises(CourseError) as caught:
        input_key(course(tmp_path))
    assert f".secret: {complaint}" in str(caught.value)
