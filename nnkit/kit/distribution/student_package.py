"""The folder students receive beside their notebooks: a small nnkit, the public checks, what to read and to install."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import nnkit
from nnkit.kit.authoring.data_use import data_files, data_of
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.package_imports import modules_imported
from nnkit.kit.authoring.template import Template, plain_python
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.installation import requirements
from nnkit.kit.course.settings import KIT, Assignment, Course, student_tools
from nnkit.kit.distribution.library import library_text
from nnkit.kit.distribution.public_checks import checks_of, copy_public_expected
from nnkit.kit.distribution.shipped_imports import check_imports, check_own_names
from nnkit.kit.distribution.student_readme import student_readme

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
        check_imports(course, modules, text, file=place, module=module)
        check_own_names(text, file=place)
    checks = checks_of(templates)
    for name, text in checks.items():
        place = Path("checks") / f"{name}.py"
        check_imports(course, modules | checks, text, file=place)
        texts[place] = text
    for template in templates:
        _check_cells(course, template, modules)
    packages = sorted({name.partition(".")[0] for name in modules}, key=lambda name: (name != KIT, name))
    texts[Path("README.md")] = student_readme(course, settings, _example(templates), packages)
    texts[Path("requirements.txt")] = _requirements(course, modules)
    return sorted(_write(course, settings, texts, folder))


def _modules(course: Course, settings: Assignment) -> dict[str, str]:
    """Text by module name: the library; data sets' modules and the student tools with all that they import; and the
    packages around them."""
    for name in settings.library:
        if name == "nnkit.kit" or name.startswith("nnkit.kit."):
            what = f"{name} is part of the kit"
            raise BuildError(what, file="course.toml", mend="students receive modules of the subject only")
    modules: dict[str, str] = {}
    pending = [*student_tools(), *(course.data[name].module for name in data_of(course, settings.name))]
    while pending:
        name = pending.pop()
        if name not in modules and name != KIT:
            modules[name] = library_text(course, settings.name, name)
            pending += modules_imported(course, ast.parse(modules[name]), name)
    for name in (*settings.library, *modules):
        for around in _packages_around(course, name):
            modules.setdefault(around, library_text(course, settings.name, around))
        modules.setdefault(name, library_text(course, settings.name, name))
    about = f'"""What the assignment {settings.name} gives you of nnkit."""'
    modules[KIT] = f'{about}\n\n__version__ = "{nnkit.__version__}"\n__assignment__ = "{settings.name}"\n'
    return dict(sorted(modules.items()))


def _packages_around(course: Course, module: str) -> list[str]:
    """The packages that a module lies in and that have an ``__init__.py``."""
    parts = module.split(".")
    around = (".".join(parts[:size]) for size in range(1, len(parts)))
    return [name for name in around if name != KIT and course.module_file(name) is not None]


def _module_path(course: Course, module: str) -> Path:
    file = course.module_file(module)
    if module == KIT or (file is not None and file.name == "__init__.py"):
        return Path(*module.split("."), "__init__.py")
    return Path(*module.split(".")).with_suffix(".py")


def _check_cells(course: Course, template: Template, modules: dict[str, str]) -> None:
    for cell in template.cells:
        if cell.kind in ("code", "exercise", "given", "experiment", "program"):
            body = 0 if cell.kind in ("exercise", "given") else 1
            text = plain_python(template, cell)
            check_imports(course, modules, text, file=template.shown, first_line=cell.line + body)


def _write(course: Course, settings: Assignment, texts: dict[Path, str], folder: Path) -> list[Path]:
    for stale in (KIT, course.package, "checks"):
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
    for name in data_files(course, settings.name):
        source = course.data_file(name)
        if source is None:
            raise BuildError(f"there is no {name}", file="course.toml", mend="check the name in files of [data]")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
        written.append(folder / name)
    for name in settings.files:
        target = folder / Path(name).name
        shutil.copyfile(course.root / name, target)
        written.append(target)
    return written


def _requirements(course: Course, modules: dict[str, str]) -> str:
    """What students install, within the bounds this nnkit was tested with."""
    needed = [package for package, imported in _SOMETIMES if any(imported.search(text) for text in modules.values())]
    bounds = {}
    for requirement in requirements():
        if match := re.match(r"([A-Za-z0-9_-]+)([^;]*)$", requirement):
            bounds[match.group(1)] = match.group(2).replace(" ", "")
    lines = [f"{name}{bounds.get(name, '')}" for name in (*_REQUIRED, *needed)]
    return "\n".join([*lines, _JUPYTERLAB, *course.requirements]) + "\n"


def _example(templates: list[Template]) -> str:
    return next((item.name for template in templates for item in template.items), "…")
