"""The section on the eDoc door."""

from __future__ import annotations

from axisd.config.model.section import Section, setting


class EdocSettings(Section):
    """The eDoc door, `/EdocService`, for systems whose channel is edoc."""

    first_doc_id: int = setting(
        "All docIds lie above this number; it has to lie above what the older axis issued. Never change it once"
        " a system is connected: every docId would mean another message.",
        default=1_000_000_000,
        ge=0,
        le=2_000_000_000,
    )
    old_status_answer: tuple[str, ...] = setting(
        "Accounts that are answered M.UpdateStatusDoc for a status about a document that nobody knows, as the"
        " older axis did. The status is kept for that document all the same.",
        reloads=True,
        default=(),
    )
