"""A Dask cluster of two real worker processes grades as this machine does, and may lose one of them."""

import signal

import pytest
from class_results import GRADED, STUDENTS, assert_same, grade, outcomes
from grading_runs import Run, graders_of, is_gone, recorded, until
from tiny_course import copied

from nnkit.kit.engine import Refused
from nnkit.kit.engine.worker import Described, describe
from nnkit.kit.sandbox import Tier

pytest.importorskip("distributed", reason="Dask is not installed: pip install nnkit-teaching[dask]")

from dask_cluster import DaskCluster

from nnkit.kit.engine.cluster import check_workers

pytestmark = pytest.mark.slow


@pytest.fixture
def course(small_class, tmp_path):
    return copied(small_class, tmp_path / "course")


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    with DaskCluster(folder) as cluster:
        yield cluster


def test_a_lost_worker_costs_nothing_and_nothing_is_graded_twice(course, cluster, undisturbed):
    run = Run(course, "--scheduler", cluster.address)
    run.until_recorded(1)
    graders = [grader for worker in cluster.workers for grader in graders_of(worker.pid)]
    cluster.workers[0].send_signal(signal.SIGKILL)
    assert run.end() == 1, run.log.read_text()
    assert_same(course, undisturbed)
    rows = [line for log in course.root.glob("logs/*.log") for line in log.read_text().splitlines() if line[0] != "#"]
    assert len(rows) == 1 + len(STUDENTS)
    assert len(recorded(course)) == GRADED
    assert grade(course, "--scheduler", cluster.address) == 1
    assert outcomes(course) == {name: "missing" if name == "absent" else "unchanged" for name in STUDENTS}
    # Nothing of the course stays on a worker, and no grading process, those included that found nothing to grade.
    until(lambda: all(map(is_gone, graders)))
    until(lambda: not graders_of(cluster.workers[1].pid))
    assert not list((cluster.folder / "worker_1").rglob("*.h5"))


def test_a_scheduler_that_is_not_there_is_named(course, capfd, monkeypatch):
    monkeypatch.setattr("nnkit.kit.engine.cluster.CONNECT_S", 1)
    assert grade(course, "--scheduler", "tcp://127.0.0.1:9") == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in capfd.readouterr().err
    assert not (course.root / "records").exists()


def described(**differing):
    ours = describe(Tier.E)
    return Described(**{"host": "there", "python": ours.python, "kit": ours.kit, "tier": Tier.A} | differing)


@pytest.mark.parametrize(
    ("worker", "complaint"),
    [
        (described(tier=Tier.E), "offers sandbox tier E, required is C"),
        (described(kit="0123"), "has another nnkit (0123"),
        (described(python="3.8"), "has Python 3.8"),
        (ModuleNotFoundError("nnkit"), "has no nnkit that can grade"),
    ],
)
def test_a_worker_that_would_grade_otherwise_is_refused(worker, complaint):
    with pytest.raises(Refused) as refused:
        check_workers({"tcp://one:1": described(), "tcp://two:2": worker}, None, Tier.C)
    assert complaint in str(refused.value)
    assert "tcp://two:2" in str(refused.value)
    check_workers({"tcp://one:1": described()}, None, Tier.C)
