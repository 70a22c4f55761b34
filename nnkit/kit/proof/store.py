"""Proofs that were carried out, kept by the digest of everything that decides them.

A proof in which anything is wrong is not kept: whoever corrects it wants to see it anew.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat

from nnkit.kit.course.settings import Course
from nnkit.kit.proof.verification import CaughtMistake, NotebookProof, VerifiedItem

KEPT = 4  # of each notebook: one for each tier, and for going back and forth between two states


class ProofStore:
    """The proofs of a course, in a folder that may be deleted at any time."""

    def __init__(self, course: Course) -> None:
        self._folder = course.root / ".cache" / "proofs"

    def find(self, assignment: str, notebook: str, digest: str) -> NotebookProof | None:
        """The proof of that digest; None if there is none, or none that can be read."""
        path = self._place(assignment, notebook) / f"{digest}.json"
        try:
            stored: dict[str, Any] = json.loads(path.read_bytes())
            if stored["digest"] != digest:
                return None
            proof = NotebookProof(
                assignment,
                notebook,
                items=[_item(each) for each in stored["items"]],
                by_person=stored["by_person"],
                faults=[],
                reference=nbformat.from_dict(stored["reference"]),
                stored=True,
                attempted=stored["attempted"],
            )
            nbformat.validate(proof.reference)
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError):
            return None
        return proof if proof.ok else None

    def keep(self, proof: NotebookProof, digest: str) -> None:
        """Store a proof in which nothing is wrong, whole or not at all."""
        if not proof.ok:
            return
        folder = self._place(proof.assignment, proof.notebook)
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "digest": digest,
            "attempted": proof.attempted,
            "items": [asdict(item) for item in proof.items],
            "by_person": proof.by_person,
            "reference": proof.reference,
        }
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".making-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.replace(temporary, folder / f"{digest}.json")
        for old in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)

    def _place(self, assignment: str, notebook: str) -> Path:
        return self._folder / assignment / notebook


def _item(fields: dict[str, Any]) -> VerifiedItem:
    mistakes = [CaughtMistake(**mistake) for mistake in fields["misconceptions"]]
    return VerifiedItem(**{**fields, "misconceptions": mistakes})
