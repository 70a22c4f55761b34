"""IPython's own shell without the message layer: outputs become events instead of ZeroMQ messages.

What a kernel adds to `InteractiveShell` is small, and is repeated here: where displays, results and errors go, the
environment of subprocesses, no standard input, and an event loop that is running while a cell runs.
"""

from __future__ import annotations

import asyncio
import builtins
import getpass
import os
import signal
import sys
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError, UsageError
from IPython.core.interactiveshell import InteractiveShell, InteractiveShellABC
from IPython.utils.process import system
from traitlets import Type
from traitlets.config import Config

from .events import Events

INLINE = "module://matplotlib_inline.backend_inline"


class EventDisplayPublisher(DisplayPublisher):  # type: ignore[misc]
    """``display(...)``, its updates, and ``clear_output``."""

    outlet: Events

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        self._validate_data(data, metadata)
        event = {
            "type": "update_display_data" if update else "display_data",
            "data": data,
            "metadata": metadata or {},
            "display_id": (transient or {}).get("display_id"),
        }
        self.outlet.add(event)

    def clear_output(self, wait: bool = False) -> None:
        self.outlet.add({"type": "clear_output", "wait": bool(wait)})


class EventDisplayHook(DisplayHook):  # type: ignore[misc]
    """The value of a cell's last expression."""

    outlet: Events
    _result: dict[str, Any] | None = None

    @property
    def is_formatting(self) -> bool:
        return self._result is not None

    def start_displayhook(self) -> None:
        self._result = {"type": "execute_result", "data": {}, "metadata": {}, "execution_count": None}

    def write_output_prompt(self) -> None:
        if self._result is not None:
            self._result["execution_count"] = self.prompt_count

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        if self._result is not None:
            self._result["data"] = format_dict
            self._result["metadata"] = md_dict or {}

    def finish_displayhook(self) -> None:
        result, self._result = self._result, None
        if result and result["data"]:
            self.outlet.add(result)


class CellCompiler(CachingCompiler):  # type: ignore[misc]
    """Names cells like files, as a kernel does: tracebacks, warnings and syntax errors show the name."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return f"/notebook/cell_{number}.py"


class ZMQInteractiveShell(InteractiveShell):  # type: ignore[misc]
    """The shell of a notebook. It has the kernel's class name because libraries recognise a notebook by it."""

    displayhook_class = Type(EventDisplayHook)
    display_pub_class = Type(EventDisplayPublisher)
    compiler_class = Type(CellCompiler)
    autoindent = False
    outlet: Events
    error_shown_by_displayhook: BaseException | None = None

    def init_environment(self) -> None:
        os.environ.update(
            TERM="xterm-color", CLICOLOR="1", FORCE_COLOR="1", CLICOLOR_FORCE="1", PAGER="cat", GIT_PAGER="cat"
        )

    def settle(self) -> None:
        """Take over another process's environment and home folder, which know nothing of this shell yet."""
        os.environ["MPLBACKEND"] = INLINE
        self.init_environment()
        os.makedirs(self.profile_dir.location, exist_ok=True)
        self.profile_dir.check_dirs()

    def init_virtualenv(self) -> None:
        """A kernel does not look for one either."""

    def init_hooks(self) -> None:
        super().init_hooks()
        # Pages go to a side panel of the notebook's window, never into its outputs.
        self.set_hook("show_in_pager", lambda *_, **__: None, 99)

    def enable_gui(self, gui: Any = None) -> None:
        if gui not in (None, "inline", "agg"):
            raise UsageError(f"there is no window system here for {gui!r}")

    def system_piped(self, cmd: str) -> None:
        if cmd.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        self.user_ns["_exit_code"] = system(self.var_expand(cmd, depth=1))

    system = system_piped

    def set_next_input(self, s: str, replace: bool = False) -> None:
        """A new cell for the person at the notebook: there is none."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        if self.displayhook.is_formatting:
            self.error_shown_by_displayhook = evalue
        self.outlet.add(
            {"type": "error", "ename": str(etype.__name__), "evalue": str(evalue), "traceback": [str(s) for s in stb]}
        )


InteractiveShellABC.register(ZMQInteractiveShell)


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _no_password(prompt: object = "", stream: object = None) -> str:
    raise StdinNotImplementedError("getpass was called, but this frontend does not support input requests.")


def new_shell() -> ZMQInteractiveShell:
    """A shell that has run nothing; where its outputs go is still to be said."""
    os.environ["MPLBACKEND"] = INLINE
    config = Config()
    config.HistoryManager.enabled = False
    shell: ZMQInteractiveShell = ZMQInteractiveShell.instance(config=config)
    return shell


class Notebook:
    """Runs cells, one after the other, in one namespace."""

    def __init__(self, events: Events, shell: ZMQInteractiveShell) -> None:
        self.shell = shell
        self.shell.outlet = self.shell.displayhook.outlet = self.shell.display_pub.outlet = events
        builtins.input = _no_input
        getpass.getpass = _no_password
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)

    @property
    def namespace(self) -> dict[str, Any]:
        names: dict[str, Any] = self.shell.user_ns
        return names

    def run_cell(self, source: str) -> tuple[BaseException | None, int]:
        """Run one cell; returns the exception it ended with, if any, and its execution count."""
        if self._loop.is_closed() or self._loop.is_running():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        count = self.shell.execution_count
        self.shell.error_shown_by_displayhook = None
        result = self._loop.run_until_complete(self._run(source))
        problems = (result.error_before_exec, result.error_in_exec, self.shell.error_shown_by_displayhook)
        return next((problem for problem in problems if problem is not None), None), int(count)

    def define(self, source: str) -> tuple[BaseException | None, int]:
        """Run definitions, which are plain Python and show nothing, without what IPython does around a cell."""
        count = self.shell.execution_count
        self.shell.execution_count += 1
        try:
            name = self.shell.compile.cache(source, count, raw_code=source)
            exec(compile(source, name, "exec", dont_inherit=True), self.namespace)
        except BaseException as error:
            return error, int(count)
        return None, int(count)

    async def _run(self, source: str) -> Any:
        shell, problem = self.shell, None
        if "await" not in source and "async" not in source:
            return await self._run_without_awaiting(source)
        try:
            transformed = shell.transform_cell(source)
        except Exception:
            transformed, problem = source, sys.exc_info()
        if not shell.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=problem):
            return await self._run_without_awaiting(source)
        awaited = asyncio.ensure_future(
            shell.run_cell_async(
                source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=problem
            )
        )
        # As in a kernel, an interrupt cancels what a cell awaits instead of ending the event loop.
        before = signal.getsignal(signal.SIGINT)
        self._loop.add_signal_handler(signal.SIGINT, awaited.cancel)
        result = None
        try:
            result = await awaited
        finally:
            self._loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, before)
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        return result

    async def _run_without_awaiting(self, source: str) -> Any:
        result = self.shell.run_cell(source, store_history=True)
        await asyncio.sleep(0)
        return result
