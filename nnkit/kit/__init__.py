"""What teaches and grades the subject. Never shipped to students."""

import sys

# jsonschema, which nbformat imports, builds a grammar of internationalised URLs when this optional package is there:
# 4 CPU seconds at every start, for a check that no notebook asks for. Without the package it leaves the check out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
