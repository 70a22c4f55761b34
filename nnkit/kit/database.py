"""The gradebook's database: where its URL leads, whether it answers, and what of it may be shown."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnkit.kit.course import Course

SQLITE = "sqlite:///"
VARIABLE = "env:"
ANSWER_WITHIN_S = 10

# The driver of the extra `postgresql`, by name: what SQLAlchemy takes without one changed from version 2.0 to 2.1.
DRIVER = "postgresql+psycopg"
_POSTGRESQL = re.compile(r"^postgres(?:ql)?://")
_KEY = ("gradebook", "url")
# Held until the connection closes. The number is our own; two first runs would create the same tables.
_ONE_AT_A_TIME = "select pg_advisory_lock(7667001)"
_ready: set[str] = set()


def database_url(course: Course) -> str:
    """The gradebook's URL as SQLAlchemy takes it: variable looked up, SQLite path absolute, PostgreSQL's driver named.

    Raises
    ------
    CourseError
        course.toml names an environment variable that is not set.
    """
    url = course.gradebook.url
    if url.startswith(VARIABLE):
        name = url.removeprefix(VARIABLE)
        url = os.environ.get(name, "")
        if not url:
            mend = f"export {name}=postgresql://USER@HOST/DATABASE before this command"
            raise course.error(f"the environment variable {name} is not set", _KEY, mend)
    if url.startswith(SQLITE) and not url.startswith(SQLITE + "/") and url != SQLITE + ":memory:":
        return SQLITE + str(course.root / url.removeprefix(SQLITE))
    return _POSTGRESQL.sub(f"{DRIVER}://", url)


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
    url = database_url(course)
    if url.startswith("sqlite") or url in _ready:
        return
    if not url.startswith("postgresql+") or _is_torn(url):
        raise course.error(
            "this is no URL of a SQLite or PostgreSQL database",
            _KEY,
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

    from nnkit.kit.nbgrader_models import Gradebook

    try:
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": ANSWER_WITHIN_S})
        with engine.connect() as connection:
            connection.execute(text(_ONE_AT_A_TIME))
            Gradebook(url, course.id).close()
    except (ImportError, NoSuchModuleError) as error:
        driver = url.partition("://")[0]
        mend = 'run: pip install "nnkit[postgresql]"' if driver == DRIVER else f"install it, or write {DRIVER}://"
        raise course.error(f"the driver for {driver}:// can't be used: {error}", _KEY, mend) from None
    except OperationalError as error:
        reason = (str(error.orig).strip() or "no reason given").splitlines()[0]
        raise course.error(
            f"the gradebook {without_password(url)} can't be used: {reason}",
            _KEY,
            "start the server, or correct user, password, host or database: psql has to connect with the same URL",
        ) from None
