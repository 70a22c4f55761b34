"""``check("affine_forward")``: a notebook's public tests, run against what the notebook has defined so far.

For a choose-all question, ``check("zero_gradients")`` shows which letters it holds.
"""

import ast
import contextlib
import difflib
import os
import sys
from pathlib import Path

from nnkit.student.choices import recorded_letters
from nnkit.student.table import CheckTable, readable_name, verdict_words


class CheckFailed(Exception):
    """A public test of the checked item failed, and the table above the error says which and why; or a question is
    not answered."""

    def _render_traceback_(self):
        # IPython shows this in place of a traceback: the frames of the checker tell a student nothing.
        return [f"CheckFailed: {self}"]


def check(item, notebook=None):
    """Run the public tests of an exercise on your own code and show a table of the results.

    Of a choose-all question it shows the letters that your answer holds.

    Parameters
    ----------
    item : str
        Name of the exercise, e.g. "affine_forward", or of the question.
    notebook : str, optional
        Which notebook's exercise, where two notebooks have one of this name.

    Raises
    ------
    CheckFailed
        If a test failed or could not run, or if a question's answer is no set of its letters.
    ValueError
        If no exercise has this name.
    """
    namespace, shell = _caller_namespace(sys._getframe(1))
    folder = checks_folder()
    file, has_public_tests = _file_with(item, folder, notebook)
    choices = _constants_of(file).get("CHOICES", {}).get(item)
    if choices is not None:
        _show(CheckTable(item, [], _recorded(item, choices, namespace, shell)), shell)
        return
    if not has_public_tests:
        _show(CheckTable(item, [], "no public test: this exercise is tested after you hand it in"), shell)
        return
    # Imported here: a notebook that only imports check should not wait for pytest.
    from nnkit.student.plugin import GraderPlugin, run_graders
    from nnkit.student.submission import LocalSubmission
    from nnkit.student.verdict import withhold

    plugin = GraderPlugin(LocalSubmission(namespace), public_only=True, student="", course="", items=[item])
    with contextlib.redirect_stderr(sys.stdout):  # nbgrader gives no points to a test cell with anything on stderr
        results = run_graders(file, plugin)
    withhold(results, plugin.tests)
    _show(CheckTable(item, results), shell)
    failed = [result for result in results if result.verdict != "passed"]
    if failed:
        raise CheckFailed(_summary(item, failed, len(results)))


def checks_folder():
    """The folder ``checks`` of the release: in the current folder, or beside the nnkit package.

    Raises
    ------
    FileNotFoundError
    """
    places = [Path.cwd() / "checks", Path(__file__).resolve().parents[2] / "checks"]
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"no folder checks in {places[0].parent} or {places[1].parent}: run the notebook in the folder it came in"
    )


def items_in(path):
    """The items a grader file names, without running it.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict of str to bool
        Whether the item has a public test. Items whose tests are all kept back are listed by the file's
        ``HIDDEN_ONLY = ["tuning"]``, choose-all questions by ``CHOICES = {"zero_gradients": "ABC"}``.
    """
    constants = _constants_of(path)
    items = dict.fromkeys([*constants.get("HIDDEN_ONLY", []), *constants.get("CHOICES", {})], False)
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        for mark in getattr(node, "decorator_list", []):
            if not isinstance(mark, ast.Call) or ast.unparse(mark.func) not in ("item", "pytest.mark.item"):
                continue
            name = getattr(mark.args[0], "value", None) if mark.args else None
            if isinstance(name, str):
                public = any(k.arg == "public" and getattr(k.value, "value", False) is True for k in mark.keywords)
                items[name] = items.get(name, False) or public
    return items


def _constants_of(path):
    """HIDDEN_ONLY and CHOICES of a grader file, without running it."""
    constants = {}
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) in ("HIDDEN_ONLY", "CHOICES"):
            constants[node.targets[0].id] = ast.literal_eval(node.value)
    return constants


def _recorded(question, choices, namespace, shell):
    """What to say of an answer that holds letters of the question."""
    cells = None if shell is None else list(shell.history_manager.input_hist_raw)
    try:
        return recorded_letters(cells, namespace.get(question), question, choices)
    except ValueError as error:
        raise CheckFailed(f"{question}: {error}") from None


def _file_with(item, folder, notebook):
    """The grader file that has the item, and whether it has public tests of it."""
    known = {path: items_in(path) for path in sorted(folder.rglob("test_*.py"))}
    found = [path for path in known if item in known[path]]
    if len(found) > 1:
        wanted = notebook or Path(os.environ.get("JPY_SESSION_NAME", "")).stem
        found = [path for path in found if _notebook_of(path) == wanted] or found
    elif notebook is not None:
        found = [path for path in found if _notebook_of(path) == notebook]
    if len(found) > 1:
        owners = ", ".join(_notebook_of(path) for path in found)
        raise ValueError(f"{item} is an exercise of {owners}: name your notebook, check({item!r}, notebook=...)")
    if not found:
        names = sorted({name for items in known.values() for name in items})
        close = difflib.get_close_matches(str(item), names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        where = f" of {notebook}" if notebook else ""
        raise ValueError(f"no exercise{where} is called {item!r}.{hint} There are: {', '.join(names) or 'none'}.")
    return found[0], known[found[0]][item]


def _notebook_of(path):
    return path.stem.removeprefix("test_")


def _summary(item, failed, total):
    if all(result.verdict == "not_implemented" for result in failed):
        return f"{item}: {verdict_words('not_implemented')}"
    first = failed[0]
    why = f"{verdict_words(first.verdict)}: {first.message}".partition("\n")[0]
    return f"{item}: {len(failed)} of {total} tests not passed. {readable_name(first.name)}: {why}"


def _caller_namespace(frame):
    """The names that the calling notebook or script has defined, and IPython's shell if there is one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return (frame.f_globals, None) if shell is None else (shell.user_ns, shell)


def _show(table, shell):
    if shell is None:
        print(table.text(sys.stdout.encoding))
    else:
        from IPython.display import display

        display(table)
