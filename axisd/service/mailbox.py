"""The mailbox as doors see it: one account looks into it, fetches, and says what came of it.

Everything is asked for an account, and answered from what its system serves: the mailboxes of its agencies by
every code, and of closed ones for which these speak (`Directory.spoken_for`), and what it handed in itself. What
is somebody else's is answered like what does not exist, so that nobody learns of it.

The first fetch of an item is durable before the first byte is handed out (`core.handover`): a recall that comes
later knows that the recipient may have it. Whoever may call at all, secrets, limits and the words on the wire
are the doors' own matter.

Going wrong: TransientError while the ledger cannot be written, IntegrityError when a payload is not what its
digest says; then nothing was handed out, and the item is as it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from axisd.core.handover import fetched, marked, said_cause
from axisd.core.lifecycle import SubmissionState
from axisd.core.mailbox import PAGE, ItemState, MailboxItem, SentItem
from axisd.core.records import Change, Known, KnownDelivery, Questions, SubmissionRecord
from axisd.core.submission import Door, Lane
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.errors import IntegrityError
from axisd.ports import Clock, Mailboxes, Telemetry
from axisd.service.commit import GroupCommit


@dataclass(frozen=True, slots=True)
class Fetched:
    """An envelope on its way out. `size` in bytes; `pieces` can be read once."""

    submission_id: str
    kind: str
    digest: str
    size: int
    pieces: AsyncIterator[bytes]


class Mailbox:
    """`view` is asked once per call, so that a reload takes effect between two of them."""

    def __init__(
        self,
        view: Callable[[], View],
        mailboxes: Mailboxes,
        commits: GroupCommit,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._view = view
        self._mailboxes = mailboxes
        self._commits = commits
        self._clock = clock
        self._telemetry = telemetry

    async def waiting(
        self,
        account: str,
        kind: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = PAGE,
    ) -> Sequence[MailboxItem]:
        """What waits for the account, at most `PAGE` items: urgent first, then by age; what it has fetched already comes
        after what it has not, what failed comes last. `kind`: document, status, or "" for both."""
        inboxes = self._codes(account)
        if not inboxes or limit <= 0:
            return []
        limit = min(limit, PAGE)
        return await self._mailboxes.page(inboxes, kind, since=since, until=until, limit=limit)

    async def count(self, account: str, kind: str = "") -> int:
        """How many items wait for the account; a list names that many, up to a page."""
        inboxes = self._codes(account)
        return await self._mailboxes.count(inboxes, kind) if inboxes else 0

    async def items(self, account: str, key: str) -> Sequence[MailboxItem]:
        """The account's items that `key` names: the delivery with this id, or all that it has of a submission;
        whatever their state, but none that was withdrawn."""
        found = await self._mailboxes.items([key])
        if not found:
            number = await self._mailboxes.number_of(key)
            found = await self._mailboxes.numbered(number) if number is not None else []
        return self._own(account, found)

    async def numbered(self, account: str, number: int) -> Sequence[MailboxItem]:
        """The account's items of the message with this number, as `items`."""
        return self._own(account, await self._mailboxes.numbered(number))

    async def number_of(self, submission_id: str) -> int | None:
        """The number of a submission, which all its items have; None if it was not accepted."""
        return await self._mailboxes.number_of(submission_id)

    async def fetch(self, account: str, key: str) -> Fetched | None:
        """The envelope of the item or submission `key`; None where the account has no part in it. Any number of
        times, whatever was said of it since."""
        items = await self.items(account, key)
        submission_id = items[0].submission_id if items else key
        return await self._fetch(account, items, await self._mailboxes.submission(submission_id))

    async def fetch_numbered(self, account: str, number: int) -> Fetched | None:
        """The same by a message's number: all the account's items of it count as fetched."""
        record = await self._mailboxes.accepted(number)
        return await self._fetch(account, await self.numbered(account, number), record)

    async def mark(
        self, account: str, ids: Collection[str], state: ItemState, cause: str = ""
    ) -> Sequence[MailboxItem]:
        """The account says `processing`, `done` or `fail` (with its `cause`) of the items with these ids, in one
        transaction. The items as they are then; those that are not the account's are left out. Saying it
        again changes nothing, nor does saying it of what was fetched and given back since."""
        view, cause = self._view(), said_cause(cause)
        found = await self._mailboxes.items(ids)
        items = [item for item in self._of(account, found, view) if _is_known(item)]

        def decision(known: list[KnownDelivery]) -> Change:
            now = self._clock.now()
            return marked(known, state, cause, view=view, mint=self._clock.new_id, now=now)

        return [item for item in await self._decide(items, state, decision) if _is_known(item)]

    async def sent(
        self, account: str, kind: str = "", *, submission_id: str = "", limit: int = PAGE
    ) -> Sequence[SentItem]:
        """What became of what the account's agencies handed in through doors, one item for each recipient,
        newest first."""
        senders = self._codes(account)
        if not senders or limit <= 0:
            return []
        limit = min(limit, PAGE)
        return await self._mailboxes.sent(senders, kind, submission_id=submission_id, limit=limit)

    def _codes(self, account: str, view: View | None = None) -> tuple[str, ...]:
        view = view or self._view()
        return view.directory.spoken_for(account, day_of(self._clock.now()))

    def _own(self, account: str, items: Iterable[MailboxItem]) -> Sequence[MailboxItem]:
        return [item for item in self._of(account, items) if item.state is not ItemState.WITHDRAWN]

    def _of(
        self, account: str, items: Iterable[MailboxItem], view: View | None = None
    ) -> Iterable[MailboxItem]:
        codes = frozenset(self._codes(account, view))
        return (item for item in items if item.inbox in codes)

    async def _fetch(
        self, account: str, items: Sequence[MailboxItem], record: SubmissionRecord | None
    ) -> Fetched | None:
        if record is None or not (items or self._sent(account, record)):
            return None
        facts = record.facts
        pieces = await self._mailboxes.pieces(facts.digest)
        if pieces is None:
            raise IntegrityError(f"payload {facts.digest} of an accepted submission is gone")
        if items and not await self._note_fetched(items):
            return None  # withdrawn at this very moment
        return Fetched(facts.submission_id, facts.kind, facts.digest, facts.size, pieces)

    def _sent(self, account: str, record: SubmissionRecord) -> bool:
        facts = record.facts
        # Over the national axis nobody vouches for who the sender is; what was refused may not have been kept.
        vouched = facts.door is not Door.NATIONAL and record.state is SubmissionState.ACCEPTED
        return vouched and facts.sender in self._codes(account)

    async def _note_fetched(self, items: Sequence[MailboxItem]) -> bool:
        new = [item for item in items if item.fetched_at is None]

        def decision(known: list[KnownDelivery]) -> Change:
            return fetched(known, self._clock.now())

        after = await self._decide(new, ItemState.PROCESSING, decision)
        left = [item for item in after if item.state is not ItemState.WITHDRAWN]
        return bool(left) or len(new) < len(items)

    async def _decide(
        self,
        items: Sequence[MailboxItem],
        state: ItemState,
        decide: Callable[[list[KnownDelivery]], Change],
    ) -> Sequence[MailboxItem]:
        """The items as they are after the decision is durable."""
        if not items:
            return []
        ids = [item.id for item in items]

        def decision(known: Known) -> Change:
            return decide([known.deliveries[key] for key in ids if key in known.deliveries])

        lane = Lane.URGENT if any(i.lane is Lane.URGENT for i in items) else Lane.NORMAL
        change = await self._commits.decide(Questions(deliveries=frozenset(ids)), decision, lane)
        self._count(items, change, state)
        return await self._mailboxes.items(ids)

    def _count(self, items: Sequence[MailboxItem], change: Change, state: ItemState) -> None:
        kinds = {item.id: item.kind for item in items}
        for kind in set(kinds.values()):
            count = sum(kinds[mark.id] == kind for mark in change.mailbox)
            if count:
                self._telemetry.marked(state, kind, count)


def _is_known(item: MailboxItem) -> bool:
    """Whether its system can have seen it: what was withdrawn unfetched, it never heard of."""
    return item.state is not ItemState.WITHDRAWN or item.fetched_at is not None
