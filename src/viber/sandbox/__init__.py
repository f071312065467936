"""A local Supabase and a local Gemini, real where it matters, with faults on demand (extra ``[sandbox]``)."""

from viber.sandbox._control import SandboxFaults, SandboxProcess
from viber.sandbox._error import SandboxError
from viber.sandbox._faults import Fault, FaultEntry, FaultKind
from viber.sandbox._stack import Sandbox

__all__ = ["Fault", "FaultEntry", "FaultKind", "Sandbox", "SandboxError", "SandboxFaults", "SandboxProcess"]
