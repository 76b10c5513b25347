"""What a submission may use, and how it is stopped that uses more."""

from __future__ import annotations

from dataclasses import dataclass

from coursekit.grading.fence.inner import Fence
from coursekit.grading.record import Verdict
from coursekit.grading.wire import WireError

REASONS = {
    Verdict.LOST: "it ended Python",
    Verdict.LIMIT_CPU: "it used more than {:g} s of computing time",
    Verdict.LIMIT_WALL: "it took more than {:g} s",
    Verdict.LIMIT_MEMORY: "it used more than {:,.0f} MB of memory",
    Verdict.LIMIT_THREADS: "it started more than {:g} threads",
}
MET = ("scratch", "files", "threads", "memory", "output")
"""Limits that end nothing: the code meets an error, or its output is cut; the record names them."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use; seconds of CPU time decide, wall time is the backstop.

    Attributes
    ----------
    cpu_call, cpu_cell, cpu_notebook : float
        Seconds, of one call of a student's function, of one cell, and of all together.
    cpu_check : float
        Seconds of the judge's own work for a part of a check: answers may make it count to a
        billion.
    wall : float
        How many times its CPU limit a call or cell may take by the clock, which stands still while
        the process waits for a processor.
    memory : int
        Megabytes that stay in memory, beyond those at the start.
    judge_memory : int
        Megabytes that the judge may hold while it looks at a submission.
    threads, open_files : int
        How many at a time.
    scratch, scratch_files : int
        Megabytes and files in the scratch folder.
    output_cell, output_notebook : int
        Megabytes that one cell, and all together, may leave.
    calls, sent : int
        Calls over the wire, and megabytes that come back.
    """

    cpu_call: float = 300.0
    cpu_cell: float = 300.0
    cpu_notebook: float = 1800.0
    cpu_check: float = 900.0
    wall: float = 4.0
    memory: int = 4_000
    judge_memory: int = 8_000
    threads: int = 256
    open_files: int = 256
    scratch: int = 256
    scratch_files: int = 4_000
    output_cell: int = 8
    output_notebook: int = 48
    calls: int = 200_000
    sent: int = 16_000

    def fence(self) -> Fence:
        """Return those that the kernel keeps, for a warm parent."""
        return Fence(
            scratch_bytes=self.scratch << 20,
            scratch_files=self.scratch_files,
            threads=self.threads,
            open_files=self.open_files,
            memory=max(16 << 30, 2 * self.memory << 20),
        )


class Stopped(BaseException):
    """A limit was reached; no ``except Exception`` of a check may swallow it.

    Attributes
    ----------
    verdict : Verdict
        Which one.
    limit : float
        Seconds, megabytes or how many.
    """

    def __init__(self, verdict: Verdict, limit: float) -> None:
        super().__init__(verdict, limit)
        self.verdict, self.limit = verdict, limit

    @property
    def reason(self) -> str:
        """What happened, as the end of a sentence."""
        return REASONS[self.verdict].format(self.limit)


class Broken(BaseException):
    """The conversation ended: the process is gone, or said what it must not.

    Attributes
    ----------
    error : WireError
    """

    def __init__(self, error: WireError) -> None:
        super().__init__(str(error))
        self.error = error
