"""Recurrence patterns and ranges: what a series has to say, and the days on which it takes place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from graph_emulator.messages import Properties

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = ("first", "second", "third", "fourth", "last")
NEVER = date(9990, 1, 1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A series' pattern and range. `until` and `count` bound it; `zone` is the zone whose days are meant.

    `weekdays` and `first_weekday` count from Monday = 0; `index` is 0 to 4, where 4 is the last.
    """

    kind: str
    interval: int
    start: date
    zone: str
    weekdays: tuple[int, ...] = ()
    first_weekday: int = 6
    day_of_month: int = 0
    month: int = 0
    index: int = 0
    until: date | None = None
    count: int = 0

    def days(self, first: date, last: date) -> Iterator[date]:
        """Days of the series from `first` to `last`, both included, in order."""
        last = min(last, self.until or NEVER, NEVER)
        period, number = (0 if self.count else self._period_of(first)), 0
        while True:
            begins = self._begins(period)
            if begins is None or begins > last:
                return
            for day in self._in_period(begins):
                if day < self.start:
                    continue
                number += 1
                if day > last or (self.count and number > self.count):
                    return
                if day >= first:
                    yield day
            period += 1

    def holds(self, day: date) -> bool:
        """Whether the series takes place on a day."""
        return next(self.days(day, day), None) is not None

    def pattern_only(self) -> tuple[object, ...]:
        """What decides about days and nothing about the end."""
        rest = (self.weekdays, self.first_weekday, self.day_of_month, self.month, self.index)
        return (self.kind, self.interval, self.start, self.zone, *rest)

    def as_json(self) -> Properties:
        """Pattern and range with every member, as Graph returns them."""
        pattern = {
            "type": self.kind,
            "interval": self.interval,
            "month": self.month,
            "dayOfMonth": self.day_of_month,
            "daysOfWeek": [DAYS[day] for day in self.weekdays],
            "firstDayOfWeek": DAYS[self.first_weekday],
            "index": INDEXES[self.index],
        }
        ends = "endDate" if self.until else "numbered" if self.count else "noEnd"
        span = {
            "type": ends,
            "startDate": self.start.isoformat(),
            "endDate": self.until.isoformat() if self.until else "0001-01-01",
            "recurrenceTimeZone": self.zone,
            "numberOfOccurrences": self.count,
        }
        return {"pattern": pattern, "range": span}

    def _period_of(self, day: date) -> int:
        """The number of a period that is not after the one `day` lies in."""
        if day <= self.start:
            return 0
        if self.kind == "daily":
            return (day - self.start).days // self.interval
        if self.kind == "weekly":
            return (day - self._week_start()).days // 7 // self.interval
        months = (day.year - self.start.year) * 12 + day.month - self.start.month
        return max(0, months // self._months() - 1)

    def _months(self) -> int:
        return self.interval * (12 if self.kind.endswith("Yearly") else 1)

    def _week_start(self) -> date:
        return self.start - timedelta((self.start.weekday() - self.first_weekday) % 7)

    def _begins(self, period: int) -> date | None:
        """The first day of a period: a day, a week or a month; None beyond all calendars."""
        if self.kind in ("daily", "weekly"):
            days = period * self.interval * (1 if self.kind == "daily" else 7)
            base = self.start if self.kind == "daily" else self._week_start()
            return base + timedelta(days) if base.toordinal() + days < NEVER.toordinal() else None
        month = self.start.month if not self.kind.endswith("Yearly") else self.month
        months = self.start.year * 12 + month - 1 + period * self._months()
        return date(months // 12, months % 12 + 1, 1) if months // 12 < NEVER.year else None

    def _in_period(self, begins: date) -> list[date]:
        if self.kind == "daily":
            return [begins]
        if self.kind == "weekly":
            return sorted(begins + timedelta((day - self.first_weekday) % 7) for day in self.weekdays)
        length = (date(begins.year + begins.month // 12, begins.month % 12 + 1, 1) - begins).days
        if self.kind.startswith("absolute"):  # months that are too short take their last day
            return [begins.replace(day=min(self.day_of_month, length))]
        month = [begins + timedelta(offset) for offset in range(length)]
        matching = [day for day in month if day.weekday() in self.weekdays]
        if self.index == 4:
            return matching[-1:]
        return matching[self.index : self.index + 1]
