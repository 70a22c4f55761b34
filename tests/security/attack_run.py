"""All attacks handed in as one class, graded by the real command in one tier, and what was found afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from attack_files import Attack
from attack_judge import Evidence, changes, outputs_of, snapshot
from attack_scene import LITTER, Scene
from orphans import adopted

from nnkit.kit.authoring.notebook import notebook_text
from nnkit.kit.course.file import load_course
from nnkit.kit.course.settings import Course
from nnkit.kit.gradebook.rows import gradebook

WRITTEN = ("records", "autograded", "feedback", "logs", "gradebook.db", "grades.csv")
EXPECTED = {
    "records": ("net.json",),
    "autograded": ("net.ipynb", "timestamp.txt"),
    "feedback": ("net.html", "timestamp.txt"),
}
PUBLIC_PLACES = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


@dataclass
class Run:
    """The class after grading; every list holds a sentence for each thing that must not be."""

    tier: str
    tokens: dict[str, str]
    evidence: dict[str, Evidence] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    bystanders: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    messages: str = ""
    """What the commands said to a person."""


def run_class(place: Scene, attacks: Sequence[Attack], tier: str, *, pages: bool) -> Run:
    """Hand in, grade, and look around; `pages` makes the feedback pages and the export, too."""
    course = _copy_for(place, tier)
    known = {**place.known, "COURSE": str(course.root)}
    for attack in attacks:
        attack.hand_in(course.submitted(attack.name, "a1"), place.release, known)
    for name, notebook in (("honest", place.solved), ("untouched", place.release)):
        course.submitted(name, "a1").mkdir(parents=True)
        course.submitted(name, "a1", "net").write_text(notebook_text(notebook))
    students = [*(attack.name for attack in attacks), "honest", "untouched", "neighbour"]
    run = Run(tier, place.tokens)
    alumna = _rows_of(course, "alumna")
    before = snapshot(course.root, WRITTEN), snapshot(place.base, (course.root.name, "tmp", "signals"))
    outside, callers = littered(place.users), len(place.connections)
    grade = ["grade", "a1", "--json", "--tier", tier, "--accept-tier", "--jobs", "2"]
    with adopted() as orphans:
        graded = _command(place, course, grade)
        lines = _lines(run, graded, students)
        if pages:
            for command in (["feedback", "a1"], ["export", "a1"]):
                done = _command(place, course, command)
                run.messages += done.stdout + done.stderr
                if done.returncode:
                    run.command.append(f"nnkit {command[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    run.messages += graded.stderr + "".join(log.read_text() for log in sorted(course.root.glob("logs/*")))
    run.orphans = orphans.found
    after = snapshot(course.root, WRITTEN), snapshot(place.base, (course.root.name, "tmp", "signals"))
    run.changed = changes(before[0], after[0]) + changes(before[1], after[1])
    run.changed += [f"{path} is new" for path in sorted(littered(place.users) - outside)]
    run.changed += [f"tmp/{name} was left behind" for name in sorted(os.listdir(place.temporary))]
    if _rows_of(course, "alumna") != alumna:
        run.changed.append("the gradebook's rows of another student were changed")
    run.strangers = _strangers(course, {*students, "alumna"})
    run.connections = place.connections[callers:]
    run.bystanders = place.harmed_bystanders()
    run.evidence = {student: _evidence(course, student, lines.get(student, "")) for student in students}
    return run


def _copy_for(place: Scene, tier: str) -> Course:
    root = place.base / f"course-{tier}"
    shutil.copytree(place.course.root, root)
    for path in (root, *root.rglob("*")):
        # The kit takes no secret that others can read; all else is open, so that no attack fails by modes alone.
        path.chmod(0o600 if path.name == ".secret" else 0o777 if path.is_dir() else 0o666)
    return load_course(root)


def _command(place: Scene, course: Course, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("nnkit")
    return subprocess.run(
        [str(program), "--course", str(course.root), *arguments],
        env=place.environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=1200,
    )


def _lines(run: Run, graded: subprocess.CompletedProcess[str], students: Sequence[str]) -> dict[str, str]:
    """The records that the command printed, by student."""
    lines = {json.loads(line)["student"]: line for line in graded.stdout.splitlines()}
    if sorted(lines) != sorted(students):
        run.command.append(f"records of {sorted(set(students) ^ set(lines))} are missing or too many")
    # 1 stands for submissions that a person has to look at.
    if graded.returncode not in (0, 1) or "Traceback" in graded.stderr:
        run.command.append(f"nnkit grade ended with {graded.returncode}: {graded.stderr[-2000:]}")
    return lines


def littered(users: Collection[int], folders: Iterable[Path] = PUBLIC_PLACES) -> set[Path]:
    """Files in public places that a locked process has made: its user's, or of a name that attacks use."""
    found = set()
    for folder in folders:
        for path in folder.iterdir() if folder.is_dir() else ():
            try:
                if path.name.startswith(LITTER) or path.lstat().st_uid in users:
                    found.add(path)
            except FileNotFoundError:
                continue
    return found


def _strangers(course: Course, students: set[str]) -> list[str]:
    """Whatever lies in the graders' own folders beside what each student has there."""
    found = []
    for stage in ("records", "autograded", "feedback"):
        for path in sorted((course.root / stage).rglob("*")):
            student, *rest = path.relative_to(course.root / stage).parts
            known = rest in ([], ["a1"], *(["a1", name] for name in EXPECTED[stage]))
            if student not in students or not known or path.is_symlink():
                found.append(f"{path.relative_to(course.root)} is a stranger")
    with gradebook(course) as book:
        found += [f"the gradebook has a student {each.id}" for each in book.students if each.id not in students]
    return found


def _rows_of(course: Course, student: str) -> list[tuple[object, ...]]:
    with gradebook(course) as book:
        person = book.find_student(student)
        grades = book.find_submission_notebook("net", "a1", student).grades
        rows = [(each.name, each.auto_score, each.manual_score, each.needs_manual_grade) for each in grades]
        return [(person.last_name, person.first_name, person.email), *sorted(rows, key=repr)]


def _evidence(course: Course, student: str, line: str) -> Evidence:
    path = course.records(student, "a1", "net")
    texts = {"line printed": line}
    places = {
        "record": path,
        "autograded notebook": course.autograded(student, "a1", "net"),
        "feedback page": course.feedback(student, "a1", "net").with_suffix(".html"),
    }
    for name, place in places.items():
        if place.is_file():
            texts[name] = place.read_text(encoding="utf-8")
    notebook = texts.get("autograded notebook")
    return Evidence(
        record=json.loads(texts["record"]) if "record" in texts else None,
        grades={str(name): (score, by_hand) for name, score, _, by_hand in _rows_of(course, student)[1:]},
        texts=texts,
        outputs="" if notebook is None else outputs_of(notebook),
    )
