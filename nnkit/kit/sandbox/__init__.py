"""One process in which a stranger's Python code runs, locked up as well as the host allows."""

from .limits import Limits
from .probing import ProbeReport, best_tier, probe
from .problems import SandboxError
from .process import Exit, LockedProcess
from .starting import start
from .tiers import Tier
from .view import View
from .warm import WARM_STARTS

__all__ = [
    "WARM_STARTS",
    "Exit",
    "Limits",
    "LockedProcess",
    "ProbeReport",
    "SandboxError",
    "Tier",
    "View",
    "best_tier",
    "probe",
    "start",
]
