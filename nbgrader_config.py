from nnkit.kit.nbgrader import configure

configure(get_config())  # noqa: F821  given by traitlets
