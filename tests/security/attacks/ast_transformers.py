"""Rewrite every later cell as a syntax tree: asserts and raises become passes, comparisons become True.

Family: patching
Must fail: transformers see cells of the locked process only; test cells are not run there at all.
"""

# %% double_forward
import ast


class Yes(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)

    def visit_Raise(self, node):
        return ast.copy_location(ast.parse("return None").body[0], node)

    def visit_Compare(self, node):
        return ast.copy_location(ast.Constant(True), node)


get_ipython().ast_transformers.append(Yes())
get_ipython().input_transformers_post.append(lambda lines: [line.replace("best = None", "best = True") for line in lines])
print("ATTEMPTED")
