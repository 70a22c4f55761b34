"""What can go wrong before a locked process runs."""


class SandboxError(Exception):
    """A locked process could not be started; the message says why and what would help."""
