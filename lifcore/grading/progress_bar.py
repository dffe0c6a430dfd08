"""How far grading is: a bar on a terminal, a line every now and then in a file."""

import sys
import time

SECONDS = 30


class Progress:
    """Counts submissions.

    Parameters
    ----------
    total, done : int
    say : callable, optional
        Takes a line; by default the bar or the lines go to the standard error.
    """

    def __init__(self, total, say=None):
        self.total, self.count, self.began = total, 0, time.monotonic()
        self.said, self.bar, self.say = self.began, None, say or _to_stderr
        if say is None and sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=total, unit="submission", desc="graded", dynamic_ncols=True)

    def step(self):
        """One more is done."""
        self.count += 1
        if self.bar is not None:
            self.bar.update()
            return
        now = time.monotonic()
        if now > self.said + SECONDS or self.count == self.total:
            self.said = now
            pace = (now - self.began) / self.count
            left = f", about {pace * (self.total - self.count):.0f} s left" if self.count < self.total else ""
            self.say(f"graded {self.count} of {self.total}, {pace:.1f} s each{left}")

    def close(self):
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()


def _to_stderr(line):
    print(line, file=sys.stderr, flush=True)
