"""The sign-ins through which a shared space is reached: whose turn it is, and who has to be left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from engine.errors import SideError, SignInNeeded, Unavailable
from graph_client.answers import Answer, Meaning
from graph_client.batch import Item, in_waves
from graph_client.planner.refusals import is_quota
from graph_client.session import REFUSED_TOKEN, Session

Troubles: TypeAlias = dict[str, SideError]
"""By account id, why a member is left out."""

NOBODY: Final = Answer(403)
"""The answer where everybody who might have asked is left out."""


class TokenTrouble(SideError):
    """One member's sign-in can't be used now, which says nothing about the others'."""


def own_trouble(token: Callable[[bool], str]) -> Callable[[bool], str]:
    """A source of access tokens whose failing is that member's trouble alone."""

    def access(fresh: bool) -> str:
        try:
            return token(fresh)
        except Unavailable as problem:
            raise TokenTrouble(str(problem)) from problem

    return access


@dataclass(frozen=True, slots=True)
class Ask:
    """One call, and the accounts that may make it, in the order they are tried."""

    item: Item
    accounts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to the question with this index, and the account that got it; '' where nobody could ask."""

    index: int
    answer: Answer
    account: str


class Members:
    """All members' sessions, by account id. ``troubles`` fills up with those who are left out."""

    def __init__(self, sessions: Mapping[str, Session], troubles: Troubles) -> None:
        self._sessions = dict(sorted(sessions.items()))
        self.troubles = troubles

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every member, left out or not."""
        return tuple(self._sessions)

    def present(self, accounts: Sequence[str] | None = None) -> list[str]:
        """Of these (all, if none are named) the members whose sign-in works, in the order given."""
        known = self._sessions if accounts is None else accounts
        return [one for one in known if one in self._sessions and one not in self.troubles]

    def session(self, account: str) -> Session:
        return self._sessions[account]

    def leave_out(self, account: str, problem: SideError) -> None:
        """Go on without this member. Raises when nobody is left: SignInNeeded if any person can help that."""
        self.troubles[account] = problem
        if self.present():
            return
        needed = next((one for one in self.troubles.values() if isinstance(one, SignInNeeded)), None)
        raise needed or Unavailable(str(problem))

    def answers(self, asks: Sequence[Ask]) -> Iterator[Told]:
        """One answer for each question, as they come. Who is not allowed is followed by the next account; where all
        are not allowed, the last one's answer counts. Raises Unavailable, LeaseLost, or what :meth:`leave_out` does:
        questions without an answer by then were not asked, or may have been done."""
        rest = {index: list(ask.accounts) for index, ask in enumerate(asks)}
        last: dict[int, Answer] = {}
        while rest:
            ready: dict[str, list[int]] = defaultdict(list)
            for index, accounts in list(rest.items()):
                turn = self.present(accounts)
                if turn:
                    rest[index] = turn
                    ready[turn[0]].append(index)
                else:
                    del rest[index]
                    yield Told(index, last.get(index, NOBODY), "")
            for account, indexes in ready.items():
                for index, answer in self._asked(account, asks, indexes):
                    if answer.meaning is Meaning.FORBIDDEN and not is_quota(answer):
                        last[index] = answer
                        rest[index] = rest[index][1:]
                    else:
                        del rest[index]
                        yield Told(index, answer, account)

    def _asked(self, account: str, asks: Sequence[Ask], indexes: Sequence[int]) -> Iterator[tuple[int, Answer]]:
        """Answers by this account; none for what it could not ask because its sign-in has ended."""
        session = self.session(account)
        try:
            for place, answer in in_waves(session, [asks[index].item for index in indexes]):
                if answer.meaning is Meaning.SIGN_IN:
                    raise SignInNeeded(REFUSED_TOKEN)
                yield indexes[place], session.usable(answer)
        except (SignInNeeded, TokenTrouble) as problem:
            self.leave_out(account, problem)
