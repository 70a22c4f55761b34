"""The judge of the attacks can condemn: each planted violation is found."""

from __future__ import annotations

import base64
import copy
import os
import subprocess
import sys

import pytest
from attack_files import FAMILIES, corpus, filled, load
from attack_judge import Evidence, attempted, changes, outputs_of, shown, snapshot, violations
from attack_run import littered
from attack_tally import Tally
from orphans import adopted

TOKEN = "tk0123456789abcdef01234567"
ATTACK = '"""Reads.\n\nFamily: reading\nMust fail: it\n    can\'t.\n"""\n\n# %% double_forward\nprint("ATTEMPTED")\n'


def record(**changed):
    items = [
        {"item": "Net", "kind": "exercise", "points": 6.0, "score": 0.0, "status": "failed", "tests": []},
        {"item": "why", "kind": "explain", "points": 3.0, "score": 0.0, "status": "unanswered", "tests": []},
    ]
    plain = {"tier": "A", "status": "graded", "score": 0.0, "max_score": 9.0, "messages": [], "items": items}
    return {**copy.deepcopy(plain), **changed}


def evidence(**changed):
    return Evidence(**{"record": record(), "grades": {"test_Net": (0.0, False), "why": (0.0, False)}, **changed})


def judged(found, **options):
    return violations(found, evidence(), {"home": TOKEN}, "A", **options)


def with_item(**changed):
    planted = record()
    planted["items"][0].update(changed)
    return evidence(record=planted)


def test_an_untouched_notebook_has_done_nothing_wrong():
    assert judged(evidence()) == []


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        (evidence(record=None), "it left no record"),
        (evidence(record=record(score=0.5)), "it has 0.5 points, an untouched notebook 0"),
        (evidence(record=record(max_score=20.0)), "it changed the points to be had to 20"),
        (evidence(record=record(tier="E")), "it was graded in tier E instead of A"),
        (evidence(record=record(items=[])), "it changed the list of items"),
        (with_item(score=1.5), "Net: 1.5 points"),
        (with_item(score=None, status="grader_error"), "Net is grader_error: it made work for a person"),
        (evidence(grades={"test_Net": (2.0, False), "why": (0.0, False)}), "the gradebook has 2 points for test_Net"),
        (evidence(grades={"test_Net": (None, True), "why": (0.0, True)}), "the gradebook leaves test_Net to a person"),
        (evidence(grades={}), "it changed the gradebook's list of grades"),
        (evidence(texts={"feedback page": f"<p>{TOKEN}</p>"}), "the feedback page shows the secret of: home"),
    ],
)
def test_what_an_attack_brought_about_is_named(planted, sentence):
    assert judged(planted) == [sentence]


def test_a_text_that_must_be_absent_is_found():
    page = evidence(texts={"record": "<b><script>steal()</script></b>"})
    assert judged(page, absent=["<script>steal"]) == ["the record holds '<script>steal'"]


@pytest.mark.parametrize(
    ("piece", "sentence"),
    [
        ("<script>steal()</script>", "script (<script>steal()</script>)"),
        ("<img src=x onerror=steal()>", "onerror (steal())"),
        ("<a href='javascript:steal()'>x</a>", "href (javascript:steal())"),
        ("<iframe></iframe>", "iframe ()"),
        ("<img src='http://canary.invalid/pixel.png'>", "src (http://canary.invalid/pixel.png)"),
        ("<p id=score>17</p>", "id (score)"),
        ("<p style='position:fixed'>17</p>", "style (position:fixed)"),
    ],
)
def test_what_acts_on_a_feedback_page_is_found(piece, sentence):
    own = evidence(texts={"feedback page": "<script>own()</script><p>x</p>"})
    planted = evidence(texts={"feedback page": f"<script>own()</script>{piece}<p>x</p>"})
    assert f"its feedback page has {sentence}" in violations(planted, own, {}, "A")
    assert violations(own, own, {}, "A") == []


def test_an_answer_that_waits_for_a_person_is_no_violation():
    waiting = record()
    waiting["items"][1].update(score=None, status="waiting")
    assert judged(evidence(record=waiting, grades={"test_Net": (0.0, False), "why": (None, True)})) == []


def test_an_item_that_may_wait_for_a_person_gets_no_points_for_it():
    by_hand = {"test_Net": (None, True), "why": (0.0, False)}
    waiting = evidence(record=with_item(score=None, status="not_run").record, grades=by_hand)
    assert judged(waiting, waits={"Net"}) == []
    assert judged(waiting, waits={"why"}) == [
        "Net is not_run: it made work for a person",
        "the gradebook leaves test_Net to a person",
    ]
    assert judged(with_item(score=1.0), waits={"Net"}) == ["Net: 1 points"]


def test_a_file_that_must_be_refused_as_a_whole_was_refused():
    open_items = with_item(score=None, status="waiting").record
    assert judged(evidence(record={**open_items, "status": "unreadable"}), unreadable=True) == []
    assert judged(evidence(), unreadable=True) == ["it was graded (graded)"]


@pytest.mark.parametrize(
    "text",
    [
        f"x{TOKEN}y",
        TOKEN[::-1],
        TOKEN.encode().hex(),
        f"00{TOKEN.encode().hex().upper()}ff",
        repr(TOKEN.encode()),
        base64.b64encode(TOKEN.encode()).decode(),
        base64.b64encode(b"\x89PNG" + TOKEN.encode() + b"IEND").decode(),
        base64.b64encode(b"\x89PNG.." + TOKEN[::-1].encode()).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe\xfd" + TOKEN.encode() + b"\xff").decode(),
        "begin" + base64.b64encode(b"." + TOKEN.encode()).decode() + "end",
        base64.encodebytes(b"." * 40 + TOKEN.encode() + b"." * 40).decode().replace("\n", "\\n"),
    ],
)
def test_a_secret_is_found_in_every_guise(text):
    assert shown(f"before {text} after", {"home": TOKEN, "seed": "tk" + "9" * 24}) == ["home"]


def test_other_text_is_no_secret():
    other = f"{TOKEN[:-1]} {base64.b64encode(os.urandom(300)).decode()} {os.urandom(300).hex()}"
    assert shown(other, {"home": TOKEN}) == []


@pytest.mark.parametrize(
    "found", [evidence(outputs="so: ATTEMPTED"), evidence(record=record(messages=["an error: ATTEMPTED"]))]
)
def test_an_attempt_shows_in_outputs_or_in_the_record(found):
    assert attempted(found, "ATTEMPTED")


def test_an_attack_that_only_means_to_try_has_not_tried():
    assert not attempted(evidence(texts={"autograded notebook": 'print("ATTEMPTED")'}), "ATTEMPTED")


def test_outputs_are_what_the_students_cells_put_out():
    def cell(text, **marks):
        stream = {"output_type": "stream", "name": "stdout", "text": text}
        return f'{{"metadata": {{"nbgrader": {marks}}}, "source": "wrong", "outputs": [{stream}]}}'

    cells = ", ".join([cell("mine", grade=False, solution=True), cell("wrong", grade=True, solution=False)])
    text = f'{{"cells": [{cells}]}}'.replace("'", '"').replace("True", "true").replace("False", "false")
    assert "mine" in outputs_of(text)
    assert "wrong" not in outputs_of(text)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda folder: (folder / "b").write_text("2"), "b is new"),
        (lambda folder: (folder / "a").unlink(), "a is gone"),
        (lambda folder: (folder / "a").write_text("2"), "a was changed"),
        (lambda folder: (folder / "a").chmod(0o777), "a was changed"),
        (lambda folder: (folder / "link").symlink_to("a"), "link is new"),
    ],
)
def test_every_change_of_a_folder_is_found(tmp_path, act, sentence):
    (tmp_path / "a").write_text("1")
    before = snapshot(tmp_path)
    assert changes(before, snapshot(tmp_path)) == []
    act(tmp_path)
    assert changes(before, snapshot(tmp_path)) == [sentence]


def test_a_file_left_in_a_public_place_is_found(tmp_path):
    (tmp_path / "nnkit-attack-litter-1").touch()
    assert littered(range(0), [tmp_path]) == {tmp_path / "nnkit-attack-litter-1"}
    (tmp_path / "of_a_locked_process").touch()
    assert tmp_path / "of_a_locked_process" in littered(range(os.getuid(), os.getuid() + 1), [tmp_path])


DAEMON = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)", "a leftover"], start_new_session=True)
"""


def test_a_daemon_that_outlives_its_command_is_found_and_ended():
    with adopted(patience=0.3) as orphans:
        subprocess.run([sys.executable, "-c", DAEMON], check=True)
    assert [line.endswith("a leftover") for line in orphans.found] == [True]
    with adopted(patience=0.0) as again:
        pass
    assert again.found == []


def test_a_command_that_ends_whole_leaves_no_orphan():
    with adopted(patience=0.3) as orphans:
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    assert orphans.found == []


def test_every_attack_is_counted_once_for_each_tier():
    tally = Tally()
    for tier in "AB":
        tally.add("spy", "reading", tier, succeeded=False, attempted=True)
        tally.add("liar", "equality", tier, succeeded=tier == "B", attempted=tier == "A")
    assert tally.lines()[-3:] == [
        "attacks: 2 in tier A, 2 in tier B; 1 succeeded, 1 not attempted",
        "  succeeded: liar in tier B",
        "  not attempted: liar in tier B",
    ]


def test_a_tier_that_is_not_there_is_in_the_summary_with_its_reason():
    assert Tally(not_run={"A": "no bwrap"}).lines() == ["attacks: tier A not run: no bwrap"]


def test_an_attack_says_what_it_is(tmp_path):
    (tmp_path / "spy.py").write_text(ATTACK)
    attack = load(tmp_path / "spy.py")
    assert (attack.name, attack.tries, attack.family) == ("spy", "Reads.", "reading")
    assert (attack.must_fail, attack.proof) == ("it can't.", "ATTEMPTED")
    assert attack.cells == (("double_forward", 'print("ATTEMPTED")'),)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("reading", "reeding", "spy.py: Family: 'reeding', expected one of"),
        ("Must fail: it\n    can't.\n", "", "spy.py: says not why it must fail"),
        ("# %% double_forward\n", "", "spy.py: has no cell"),
    ],
)
def test_a_malformed_attack_is_named_with_its_fault(tmp_path, old, new, complaint):
    (tmp_path / "spy.py").write_text(ATTACK.replace(old, new))
    with pytest.raises(AssertionError, match=complaint):
        load(tmp_path / "spy.py")


def test_an_attack_that_pytest_would_run_itself_is_refused(tmp_path):
    (tmp_path / "test_spy.py").write_text(ATTACK)
    with pytest.raises(AssertionError, match="pytest would run it unlocked"):
        load(tmp_path / "test_spy.py")


def test_only_known_names_in_braces_are_filled_in():
    assert filled("{HOME} {SECRET} {x} {}", {"HOME": "/h", "x": "y"}) == "/h {SECRET} {x} {}"


def test_the_corpus_has_sixty_attacks_of_every_family():
    attacks = corpus()
    assert len(attacks) >= 60
    assert {attack.family for attack in attacks} == set(FAMILIES)
