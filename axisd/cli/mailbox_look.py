"""What the check and the doctor find in the mailboxes of agencies behind doors.

Nothing is put into them: what lies there is somebody's to fetch, and no form of it could be ignored. That they move is
seen from what waits: whether it is fetched, and taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, failed, good, listed, plain, skipped, warning
from axisd.core.directory import Channel
from axisd.core.mailbox import ItemState, MailboxSummary
from axisd.core.view import View
from axisd.core.wording import Phrase
from axisd.core.zone import day_of
from axisd.ports import Mailboxes

NAME: Final = "mailboxes"
_OLD: Final = timedelta(days=1)
_UNFETCHED: Final = plain("axisd mailbox list; docs/runbooks/mailbox-unfetched.md")
_FAILED: Final = plain("axisd mailbox list --failed; docs/runbooks/mailbox-failed.md")


async def look_at_mailboxes(mailboxes: Mailboxes, view: View, now: datetime) -> Finding:
    """What nobody can fetch fails; what is not fetched, or was not taken, is for the agency to mend."""
    systems = [s for s in view.directory.systems.values() if s.channel is not Channel.AMQP]
    day = day_of(now)
    reached = {code for s in systems for code in view.directory.spoken_for(s.account, day)}
    summary = await mailboxes.summary()
    stranded = [item for item in summary if item.inbox not in reached]
    if stranded:
        names = _named(stranded)
        nobody = Phrase(
            f"nobody can fetch what waits for {names.en}: no system behind a door serves it",
            f"không ai lấy được văn bản đang chờ của {names.vi}: không hệ thống nào qua cổng phục vụ",
        )
        return failed(NAME, nobody, _UNFETCHED, Exit.UNAVAILABLE)
    if not systems:
        none = Phrase("no system comes through a door", "không hệ thống nào kết nối qua cổng")
        return skipped(NAME, none)
    late = [i for i in summary if i.state is ItemState.INITIAL and now - i.oldest > _OLD]
    if late:
        names = _named(late)
        unfetched = Phrase(
            f"not fetched for more than a day: {names.en}", f"quá một ngày chưa lấy: {names.vi}"
        )
        return warning(NAME, unfetched, _UNFETCHED)
    unable = [item for item in summary if item.state is ItemState.FAIL]
    if unable:
        names = _named(unable)
        untaken = Phrase(f"could not be taken: {names.en}", f"không nhận được: {names.vi}")
        return warning(NAME, untaken, _FAILED)
    count, waiting = len(systems), sum(item.items for item in summary)
    moving = Phrase(
        f"{count} systems fetch by themselves; {waiting} items wait",
        f"{count} hệ thống tự lấy; {waiting} mục đang chờ",
    )
    return good(NAME, moving)


def _named(summary: Sequence[MailboxSummary]) -> Phrase:
    counts: dict[str, int] = {}
    for item in summary:
        counts[item.inbox] = counts.get(item.inbox, 0) + item.items
    return listed([f"{inbox} ({count})" for inbox, count in counts.items()])
