"""A kind of contract for import-linter (`[tool.importlinter]` in pyproject.toml): all that a part may import.

The other kinds name what must not be imported, and would have to be told of every new module.
"""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class ImportsOnlyContract(Contract):
    """Of its package, `importer` imports nothing but `allowed` modules with all below them, and the package's top."""

    importer = fields.StringField()
    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        allowed = [name for each in self.allowed for name in (each, *graph.find_descendants(each))]
        allowed.append(self.importer.partition(".")[0])
        mine = {self.importer, *graph.find_descendants(self.importer)}
        wrong = sorted(
            (module, imported)
            for module in mine
            for imported in graph.find_modules_directly_imported_by(module) - mine - set(allowed)
        )
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, imported in check.metadata["wrong"]:
            output.print_error(f"{module} imports {imported}")
