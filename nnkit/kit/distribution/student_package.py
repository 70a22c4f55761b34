"""The folder students receive beside their notebooks: a small nnkit, the public checks, what to read and to install."""

from __future__ import annotations

import re
import shutil
from importlib import metadata
from pathlib import Path

import nnkit
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.template import Template, plain_python
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.settings import Assignment, Course
from nnkit.kit.distribution.library import library_text
from nnkit.kit.distribution.public_checks import checks_of, copy_public_expected
from nnkit.kit.distribution.shipped_imports import check_imports, check_own_names
from nnkit.kit.distribution.student_readme import student_readme

_TOOLS = "nnkit.student"
_REQUIRED = ("numpy", "matplotlib", "h5py", "pytest", "tqdm", "ipykernel")
# Packages that only some assignments need, and how one sees it in what is shipped.
_SOMETIMES = (
    ("sacrebleu", re.compile(r"^\s*(?:from|import) sacrebleu\b", re.MULTILINE)),
    ("scikit-image", re.compile(r"^\s*(?:from|import) skimage\b", re.MULTILINE)),
)
_JUPYTERLAB = "jupyterlab>=4,<5"


def build_student_package(course: Course, assignment: str, folder: Path) -> list[Path]:
    """Write everything but the notebooks that students of an assignment receive into a folder.

    Returns
    -------
    list of Path
        The files written, sorted.

    Raises
    ------
    BuildError
        Something shipped, or a notebook, needs what is not shipped.
    """
    settings = course.assignment(assignment)
    templates = [load_template(course, assignment, notebook) for notebook in settings.notebooks]
    modules = _modules(course, settings)
    texts = {_module_path(course, module): text for module, text in modules.items()}
    for module, text in modules.items():
        place = _module_path(course, module)
        check_imports(modules, text, file=place)
        check_own_names(text, file=place)
    checks = checks_of(templates)
    for name, text in checks.items():
        place = Path("checks") / f"{name}.py"
        check_imports(modules | checks, text, file=place)
        texts[place] = text
    for template in templates:
        _check_cells(template, modules)
    texts[Path("README.md")] = student_readme(course, settings, _example(templates))
    texts[Path("requirements.txt")] = _requirements(modules)
    return sorted(_write(course, settings, texts, folder))


def _modules(course: Course, settings: Assignment) -> dict[str, str]:
    """Text by module name: the library, the student tools, and the packages around them."""
    names = {*settings.library, _TOOLS}
    tools = course.module_file(_TOOLS)
    if tools is None:
        raise BuildError("there is no module nnkit.student", file="course.toml", mend="install nnkit")
    names |= {f"{_TOOLS}.{file.stem}" for file in tools.parent.glob("*.py") if file.stem != "__init__"}
    for name in tuple(names):
        parts = name.split(".")
        names |= {".".join(parts[:size]) for size in range(1, len(parts))}
        if name == "nnkit.kit" or name.startswith("nnkit.kit."):
            what = f"{name} is part of the kit"
            raise BuildError(what, file="course.toml", mend="students receive modules of the subject only")
    names.discard("nnkit")
    modules = {name: library_text(course, settings.name, name) for name in sorted(names)}
    about = f'"""What the assignment {settings.name} gives you of nnkit."""'
    modules["nnkit"] = f'{about}\n\n__version__ = "{nnkit.__version__}"\n__assignment__ = "{settings.name}"\n'
    return modules


def _module_path(course: Course, module: str) -> Path:
    file = course.module_file(module)
    if module == "nnkit" or (file is not None and file.name == "__init__.py"):
        return Path(*module.split("."), "__init__.py")
    return Path(*module.split(".")).with_suffix(".py")


def _check_cells(template: Template, modules: dict[str, str]) -> None:
    for cell in template.cells:
        if cell.kind in ("code", "exercise", "given", "experiment"):
            body = 0 if cell.kind in ("exercise", "given") else 1
            check_imports(modules, plain_python(template, cell), file=template.shown, first_line=cell.line + body)


def _write(course: Course, settings: Assignment, texts: dict[Path, str], folder: Path) -> list[Path]:
    for stale in ("nnkit", "checks"):
        if (folder / stale).is_dir():
            shutil.rmtree(folder / stale)
    written = []
    for place, text in texts.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
        written.append(folder / place)
    for notebook in settings.notebooks:
        target = folder / "checks" / f"{notebook}.h5"
        if copy_public_expected(course, settings.name, notebook, target):
            written.append(target)
    for name in settings.data_files:
        source = course.data_file(name)
        if source is None:
            raise BuildError(f"there is no {name}", file="course.toml", mend="check the name in data_files")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
        written.append(folder / name)
    for name in settings.files:
        target = folder / Path(name).name
        shutil.copyfile(course.root / name, target)
        written.append(target)
    return written


def _requirements(modules: dict[str, str]) -> str:
    """What students install, within the bounds this nnkit was tested with."""
    needed = [package for package, imported in _SOMETIMES if any(imported.search(text) for text in modules.values())]
    bounds = {}
    for requirement in metadata.requires("nnkit") or ():
        if match := re.match(r"([A-Za-z0-9_-]+)([^;]*)$", requirement):
            bounds[match.group(1)] = match.group(2).replace(" ", "")
    return "".join(f"{name}{bounds.get(name, '')}\n" for name in (*_REQUIRED, *needed)) + f"{_JUPYTERLAB}\n"


def _example(templates: list[Template]) -> str:
    return next((item.name for template in templates for item in template.items), "…")
