"""A notebook away from the folder it came in says which folder to open, before anything else."""

import shutil

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tiny_course import write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import FIRST_CELL, source_notebook

SENTENCE = "Open the notebook in the folder a1 as you received it, with all its files"
# The kit itself is installed where the tests run; students don't have it.
WITHOUT_THE_KIT = "import sys\nsys.meta_path[:] = [f for f in sys.meta_path if 'ditable' not in repr(f)]\n"


@pytest.fixture
def folder(released, tmp_path, monkeypatch):
    """The released folder, somewhere else."""
    monkeypatch.delenv("PYTHONPATH", raising=False)  # it may lead to the kit, too
    return shutil.copytree(released.release("a1"), tmp_path / "a1")


def error_of(notebook):
    """What the first cell that fails says; nothing if none does."""
    read = nbformat.read(notebook, as_version=4)
    read.cells = [cell for cell in read.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == FIRST_CELL]
    read.cells.insert(0, nbformat.v4.new_code_cell(WITHOUT_THE_KIT))
    try:
        NotebookClient(read, resources={"metadata": {"path": str(notebook.parent)}}).execute()
    except CellExecutionError as error:
        return error.evalue
    return ""


def test_the_first_code_cell_of_every_notebook_looks_for_the_folder(tmp_path):
    notebook = source_notebook(load_template(write_course(tmp_path), "a1", "net"))
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert (first.metadata.nbgrader["grade_id"], first.metadata.nbgrader["locked"]) == (FIRST_CELL, True)


@pytest.mark.slow
def test_where_it_came_in_nothing_is_said(folder):
    assert error_of(folder / "net.ipynb") == ""


@pytest.mark.slow
def test_a_notebook_by_itself_names_the_folder_to_open(folder):
    shutil.rmtree(folder / "nnkit")
    assert SENTENCE in error_of(folder / "net.ipynb")


@pytest.mark.slow
def test_so_does_one_beside_another_package_called_nnkit(folder):
    shutil.rmtree(folder / "nnkit")
    (folder / "nnkit").mkdir()
    (folder / "nnkit" / "__init__.py").write_text('__version__ = "1.4.2"\n')
    assert SENTENCE in error_of(folder / "net.ipynb")


@pytest.mark.slow
def test_so_does_one_in_the_folder_of_another_assignment(folder):
    init = folder / "nnkit" / "__init__.py"
    text = init.read_text()
    assert '__assignment__ = "a1"' in text
    init.write_text(text.replace('__assignment__ = "a1"', '__assignment__ = "a2"'))
    assert SENTENCE in error_of(folder / "net.ipynb")
