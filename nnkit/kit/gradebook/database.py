"""The gradebook's database: whether it answers, and what of its URL may be shown."""

from __future__ import annotations

from nnkit.kit.course.installation import install_extra
from nnkit.kit.course.settings import GRADEBOOK_KEY, POSTGRESQL_DRIVER, Course

ANSWER_WITHIN_S = 10

# Held until the connection closes. The number is our own; two first runs would create the same tables.
_ONE_AT_A_TIME = "select pg_advisory_lock(7667001)"
_ready: set[str] = set()


def without_password(url: str) -> str:
    """What may be shown of a database URL; empty if it is none."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        return ""
    kept = {name: value for name, value in read.query.items() if name in ("host", "port")}
    return read.set(drivername=read.get_backend_name(), query=kept).render_as_string(hide_password=True)


def ensure_database(course: Course) -> None:
    """Make sure that the gradebook's server answers and holds nbgrader's tables; asked once per process.

    SQLite needs nothing: whoever opens the file first makes it.

    Raises
    ------
    CourseError
        It can't be used, with what to do about it. The message holds no password.
    """
    url = course.gradebook_url
    if url.startswith("sqlite") or url in _ready:
        return
    if not url.startswith("postgresql+") or _is_torn(url):
        raise course.error(
            "this is no URL of a SQLite or PostgreSQL database",
            GRADEBOOK_KEY,
            "write sqlite:///gradebook.db or postgresql://USER@HOST/DATABASE; in a password, write @ as %40",
        )
    _prepare(course, url)
    _ready.add(url)


def _is_torn(url: str) -> bool:
    """Whether a password with an @ has gone to pieces; no part of it may be taken for a host and shown."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        return True
    return "@" in f"{read.host}{read.database}"


def _prepare(course: Course, url: str) -> None:
    # Imported here: most courses keep a SQLite file, and every command would wait for this.
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import NoSuchModuleError, OperationalError
    from sqlalchemy.pool import NullPool

    from nnkit.kit.course.nbgrader_models import Gradebook

    try:
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": ANSWER_WITHIN_S})
        with engine.connect() as connection:
            connection.execute(text(_ONE_AT_A_TIME))
            Gradebook(url, course.id).close()
    except (ImportError, NoSuchModuleError) as error:
        driver = url.partition("://")[0]
        known = driver == POSTGRESQL_DRIVER
        mend = f"run: {install_extra('postgresql')}" if known else f"install it, or write {POSTGRESQL_DRIVER}://"
        raise course.error(f"the driver for {driver}:// can't be used: {error}", GRADEBOOK_KEY, mend) from None
    except OperationalError as error:
        reason = (str(error.orig).strip() or "no reason given").splitlines()[0]
        raise course.error(
            f"the gradebook {without_password(url)} can't be used: {reason}",
            GRADEBOOK_KEY,
            "start the server, or correct user, password, host or database: psql has to connect with the same URL",
        ) from None
