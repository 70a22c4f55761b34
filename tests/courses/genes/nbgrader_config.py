try:
    from nnkit.kit.nbgrader import configure
except ImportError as error:
    # nbgrader would log this and go on with its own settings, which run submissions unlocked.
    raise SystemExit(f"error: nnkit is not installed here ({error}): activate the course's environment") from error

configure(get_config())  # noqa: F821  given by nbgrader
