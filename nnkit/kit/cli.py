"""The command line: `nnkit build | record | verify | release | grade | feedback | export | …`: `nnkit -h` lists all."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

import nnkit
from nnkit.kit.course.errors import BuildError, CourseError, did_you_mean
from nnkit.kit.course.file import in_course, load_course
from nnkit.kit.course.installation import DISTRIBUTION
from nnkit.kit.course.settings import Course
from nnkit.kit.course.targets import Target, targets
from nnkit.kit.course.terminal import Terminal

# Imports make a million objects and no garbage; at Python's own pace, looking for it takes a seventh of their time.
COLLECT_AFTER = 50_000

EPILOG = """The usual order: new, build, verify, release; then, when submissions are in submitted/STUDENT/ASSIGNMENT/:
grade, marking by hand in nbgrader's formgrader, feedback, export. `nnkit demo` shows all of it on a simulated class."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 if all is well, 1 if something is wrong with the course or a submission needs attention, 2 for a wrong call,
        130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    gc.set_threshold(COLLECT_AFTER)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # work is spread over processes, and graders' arrays are small
    # Data for machines goes to standard output alone; what people read then goes to standard error.
    console = Terminal(stderr=getattr(options, "json", False))
    try:
        return int(options.run(options, console))
    except BuildError as error:
        Terminal(stderr=True, soft_wrap=True).print(f"[red]error[/]: {_escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        Terminal(stderr=True, soft_wrap=True).print(
            "stopped; everything finished so far is kept, and the same command goes on from there"
        )
        return 130


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nnkit", description="Auto-graded notebooks for neural networks.", epilog=EPILOG
    )
    version = f"nnkit {nnkit.__version__} ({DISTRIBUTION})"
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument("--course", type=Path, help="course.toml or its folder (default: searched upwards from here)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Any, text: str, *, json: bool = True, assignments: bool = True, notebooks: bool = False
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if assignments:
            what = ("ASSIGNMENT[/NOTEBOOK]", " or single notebooks") if notebooks else ("ASSIGNMENT", "")
            sub.add_argument("assignment", nargs="*", metavar=what[0], help=f"assignments{what[1]} (default: all)")
        if json:
            sub.add_argument("--json", action="store_true", help="print data for machines")
        return sub

    new = command("new", _new, "Make a small complete course of your own.", json=False, assignments=False)
    new.add_argument("folder", type=Path, help="where to make it: a folder that is empty, or not there yet")
    new.add_argument("--package", default="", metavar="NAME", help="name of its package (default: as the folder)")
    command("build", _build, "Expand the templates to nbgrader source notebooks.", json=False, notebooks=True)
    record = "Record the graders' fixed expected outputs with the reference."
    command("record", _record, record, json=False, notebooks=True)
    proof = "Prove graders and release: reference, untouched notebook, misconceptions, leaks."
    verify = command("verify", _verify, proof, notebooks=True)
    verify.add_argument("--jobs", type=int, default=None, help="notebooks run at once (default: course.toml)")
    verify.add_argument("--force", action="store_true", help="also prove again what has not changed")
    release = command("release", _release, "Verify, then write what students receive.", json=False)
    release.add_argument("--jobs", type=int, default=None, help="notebooks run at once (default: course.toml)")
    release.add_argument("--force", action="store_true", help="also prove again what has not changed")
    grade = command("grade", _grade, "Grade what is in submitted/ and write the gradebook.", notebooks=True)
    grade.add_argument("--student", action="append", help="only this student (may be repeated)")
    grade.add_argument(
        "--quick",
        action="store_true",
        help="run definitions only: experiments wait for a full run, and what was graded in full is passed over",
    )
    grade.add_argument("--jobs", type=int, default=None, help="submissions graded at once (default: course.toml)")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="grade on the workers of this Dask scheduler (default: course.toml)"
    )
    grade.add_argument("--force", action="store_true", help="also grade again what has not changed")
    grade.add_argument(
        "--accept-tier",
        action="store_true",
        help="grade although the sandbox here is weaker than course.toml requires; every record says so",
    )
    grade.add_argument(
        "--tier",
        choices=list("ABCDE"),
        help="sandbox to use instead of the best one here; refused where it is not available (see nnkit doctor)",
    )
    command("feedback", _feedback, "Write the feedback pages (nbgrader generate_feedback).", json=False)
    export = command("export", _export, "Write the marks as CSV (nbgrader export).", json=False)
    export.add_argument(
        "--to", type=Path, default=None, help="file to write (default: grades.csv in the course folder)"
    )
    command("overview", _overview, "Print the course at a glance, as Markdown.", json=False, assignments=False)
    command("doctor", _doctor, "Say what this machine can lock up, and what it can't.", assignments=False)
    shown = "Build, verify, release, and grade a simulated class: of the course here, or of a new one."
    demo = command("demo", _demo, shown, json=False, assignments=False)
    demo.add_argument(
        "--folder", type=Path, default=Path("demo"), help="where the demo course is set up (default: demo)"
    )
    demo.add_argument(
        "--notebook", default="", metavar="ASSIGNMENT/NOTEBOOK", help="what is shown (default: the first of the course)"
    )
    demo.add_argument("--jobs", type=int, default=0, help="submissions graded at once (default: one per core)")
    return parser


def _course(options: argparse.Namespace) -> tuple[Course, list[str]]:
    course = load_course(options.course)
    known = [assignment.name for assignment in course.assignments]
    for name in getattr(options, "assignment", []):
        if name not in known:
            mend = did_you_mean(name, known, f"it has {', '.join(known)}")
            if "/" in name:
                mend = "this command takes whole assignments"
            raise CourseError(f'no assignment is named "{name}"', file="course.toml", mend=mend)
    return course, list(getattr(options, "assignment", [])) or known


def _targets(options: argparse.Namespace) -> tuple[Course, tuple[Target, ...]]:
    course = load_course(options.course)
    return course, targets(course, options.assignment)


def _course_here(options: argparse.Namespace) -> Course | None:
    """The course that is meant, or None where no folder from the current one upwards is one."""
    return load_course(options.course) if options.course is not None or in_course() else None


def _check_config_file(course: Course) -> None:
    from nnkit.kit.nbgrader.config_file import check_config_file

    check_config_file(course)


def _jobs(options: argparse.Namespace, course: Course) -> int:
    return course.engine.jobs if options.jobs is None else int(options.jobs)


def _new(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.scaffold.new import new_course

    course = new_course(options.folder, options.package)
    console.print(f"{course.root}: a course with the package {course.package}", markup=False, soft_wrap=True)
    for line in (f"cd {options.folder}", "nnkit verify", f"nnkit release {course.assignments[0].name}"):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    return 0


def _build(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.authoring.oversights import oversights_of_some
    from nnkit.kit.authoring.read_once import read_once
    from nnkit.kit.authoring.sources import clear_sources, write_source

    course, wanted = _targets(options)
    _check_config_file(course)
    with read_once():
        for target in wanted:
            for path in clear_sources(course, target.assignment):
                console.print(f"{path.relative_to(course.root)}: removed, course.toml does not name it")
            for notebook in target.notebooks:
                changed = write_source(course, target.assignment, notebook)
                path = course.source(target.assignment, notebook).relative_to(course.root)
                console.print(f"{path}: {'written' if changed else 'unchanged'}")
        warnings = list(oversights_of_some(course, [(each.assignment, name) for each, name in _each(wanted)]))
    for warning in warnings:
        console.print(f"! {warning}", style="yellow", markup=False)
    return 0


def _each(wanted: tuple[Target, ...]) -> Iterator[tuple[Target, str]]:
    return ((target, notebook) for target in wanted for notebook in target.notebooks)


def _record(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.authoring.loading import load_template
    from nnkit.kit.authoring.recording import record_expected

    course, wanted = _targets(options)
    for target, notebook in _each(wanted):
        dropped = record_expected(load_template(course, target.assignment, notebook))
        path = course.expected(target.assignment, notebook)
        said = "recorded" if path.is_file() else "no test asks for an expected output"
        console.print(f"{path.relative_to(course.root)}: {said}")
        for key in dropped:
            console.print(f"  no test asks for {key} any more: dropped")
    return 0


def _verify(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.proof.tables import verification_tables
    from nnkit.kit.proof.verify import verify

    course = load_course(options.course)
    verification = verify(
        course, options.assignment, workers=_jobs(options, course), force=options.force, console=console
    )
    if options.json:
        print(json.dumps(verification.as_dict(), indent=1))
    else:
        for table in verification_tables(verification):
            console.print(table)
    return 0 if verification.ok else 1


def _release(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.proof.tables import verification_tables
    from nnkit.kit.release.publish import release

    course, assignments = _course(options)
    _check_config_file(course)
    for assignment in assignments:
        verification = release(course, assignment, workers=_jobs(options, course), force=options.force, console=console)
        if not verification.ok:
            for table in verification_tables(verification):
                console.print(table)
            console.print(f"[red]not released[/]: {assignment} is not proven; see the table")
            return 1
        console.print(f"released: {course.release(assignment).relative_to(course.root)}")
    return 0


def _grade(options: argparse.Namespace, console: Console) -> int:
    if options.scheduler:  # no process of this one grades, so there is none to be forked
        return _grade_class(options, console)
    import nnkit.kit.engine.classroom  # noqa: F401 - before the zygote is forked: both take it
    from nnkit.kit.engine.zygote import zygote

    with zygote():
        return _grade_class(options, console)


def _grade_class(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.engine.classroom import grade_class
    from nnkit.kit.reporting.summary import Summary
    from nnkit.kit.sandbox import Tier

    course, wanted = _targets(options)
    _check_config_file(course)
    scheduler = course.engine.scheduler if options.scheduler is None else options.scheduler
    summary = Summary()
    try:
        for target in wanted:
            for record in grade_class(
                course,
                target.assignment,
                notebooks=target.notebooks,
                students=options.student,
                mode="quick" if options.quick else "full",
                workers=_jobs(options, course),
                scheduler=scheduler,
                accept_tier=options.accept_tier,
                tier=None if options.tier is None else Tier(options.tier),
                force=options.force,
                summary=summary,
                console=console,
            ):
                if options.json:
                    print(json.dumps(record.as_dict()), flush=True)
    finally:
        # Also after Ctrl-C: this much is written.
        if options.json:
            console.print(summary.line(), markup=False)
        else:
            for part in summary.tables():
                console.print(part)
    return 1 if summary.failed else 0


def _feedback(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.nbgrader.commands import generate_feedback

    course, assignments = _course(options)
    for assignment in assignments:
        for page in generate_feedback(course, assignment):
            console.print(f"{page.relative_to(course.root)}")
    return 0


def _export(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.nbgrader.commands import export

    course, assignments = _course(options)
    console.print(f"{export(course, assignments, options.to or course.root / 'grades.csv')}")
    return 0


def _overview(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.reporting.overview import overview

    print(overview(load_course(options.course)), end="")
    return 0


def _doctor(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.doctor import diagnose

    diagnosis = diagnose(_course_here(options))
    if options.json:
        print(json.dumps(diagnosis.as_dict(), indent=1))
    else:
        diagnosis.show(console)
    return 0 if diagnosis.ok else 1


def _demo(options: argparse.Namespace, console: Console) -> int:
    from nnkit.kit.demo.demo import run_demo
    from nnkit.kit.scaffold.new import new_course

    with TemporaryDirectory() as empty:
        course = _course_here(options) or new_course(Path(empty) / "physlab")
        _check_config_file(course)
        return run_demo(course, options.folder, options.notebook, workers=options.jobs, console=console)


if __name__ == "__main__":
    sys.exit(main())
