"""The contract that keeps the kit apart from the subject holds for modules that nobody has told it of."""

import importlib.util
from pathlib import Path

from grimp import ImportGraph

PROJECT = Path(__file__).parents[3]
spec = importlib.util.spec_from_file_location("import_contracts", PROJECT / "scripts" / "import_contracts.py")
contracts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(contracts)


def wrong(*imports):
    graph = ImportGraph()
    for module in ("nnkit", "nnkit.kit", "nnkit.kit.cli", "nnkit.student", "nnkit.student.check", "nnkit.quite_new"):
        graph.add_module(module)
    for importer, imported in imports:
        graph.add_import(importer=importer, imported=imported)
    options = {"importer": "nnkit.kit", "allowed": ["nnkit.student"]}
    contract = contracts.ImportsOnlyContract("apart", {"root_packages": ["nnkit"]}, options)
    return contract.check(graph, verbose=False).metadata["wrong"]


def test_the_kit_may_import_itself_the_student_tools_and_the_top_of_the_package():
    assert wrong(
        ("nnkit.kit.cli", "nnkit.kit"), ("nnkit.kit.cli", "nnkit.student.check"), ("nnkit.kit", "nnkit")
    ) == []  # fmt: skip


def test_a_module_that_is_new_is_forbidden_without_being_named():
    assert wrong(("nnkit.kit.cli", "nnkit.quite_new")) == [("nnkit.kit.cli", "nnkit.quite_new")]


def test_what_others_import_is_no_concern_of_it():
    assert wrong(("nnkit.quite_new", "nnkit.student.check")) == []
