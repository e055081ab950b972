"""The documents of a restore: compared, added, exchanged, brought back (spec: environments, "The restore", 4, 6, 7).

The front door is `RestoreDocuments`; its methods are steps of a job and may each run again after a kill at any point.
Before the switch: `fix_list`, `add_absent`, `stage_differing`. After it: `set_aside_and_place`. Undo, after its own
switch: `bring_back`. Failed or cancelled before the switch: `withdraw`. When the grace ended: `remove_area`.
`look` is the documents' share of the first step, and of a preflight.
"""

from services.restore.documents.difference import Change, Difference, What
from services.restore.documents.steps import BroughtBack, RestoreDocuments

__all__ = ["BroughtBack", "Change", "Difference", "RestoreDocuments", "What"]
