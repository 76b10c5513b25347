"""Whose answers are alike, beyond what the course and the class write anyway.

Each answer is cut into overlapping pieces of a few tokens, names of its own blanked out. Pieces
that stand in the course's text (solutions, stubs, declared answers, given cells) or in more than a
few answers of the class say nothing and go. Two answers are alike if most of what is left of the
longer one stands in the other, too. It is something to look at and no verdict: who learnt together
writes alike.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import HashingVectorizer

from coursekit.insight.gather import Class, Pupil, Question
from coursekit.sources.source import read_source
from coursekit.sources.variants import Variant

PIECE = 6  # tokens
RARE_SHARE, RARE_MOST, RARE_LEAST = 0.01, 20, 3  # answers of a class in which a rare piece stands
LEAST = 15  # rare pieces that both have: about three lines
ALIKE = 0.7  # of those of the longer answer
TOKEN = re.compile(r"#[^\n]*|\w+|[^\w\s]")
CALLED = re.compile(r"\.(\w+)|(\w+)(?=[.(])")
FEATURES = 2**22


@dataclass(frozen=True)
class Likeness:
    """Students whose answers to some questions are alike.

    Attributes
    ----------
    pupils : list of Pupil
    questions : list of Question
    pieces : int
        Rare pieces of code that two of them share, at the least.
    """

    pupils: list[Pupil]
    questions: list[Question]
    pieces: int


def likenesses(group: Class, variants: Iterable[Variant]) -> list[Likeness]:
    """Return groups of students with answers that are alike, in most questions first."""
    cells = [cell.text for cell in read_source(group.unit.require_challenge())]
    texts = [*cells, *(variant.code for variant in variants)]
    cutter = _Cutter(texts)
    found: dict[frozenset[str], list[tuple[Question, int]]] = {}
    for question in group.questions:
        if not question.written:
            for students, pieces in _groups(group, question, cutter):
                found.setdefault(students, []).append((question, pieces))
    by_id = {pupil.id: pupil for pupil in group.pupils}
    made = [
        Likeness(
            [by_id[student] for student in sorted(students)],
            [question for question, _ in shared],
            min(pieces for _, pieces in shared),
        )
        for students, shared in found.items()
    ]
    return sorted(made, key=lambda each: (-len(each.questions), -each.pieces, each.pupils[0].id))


class _Cutter:
    """Cuts answers into pieces, and knows those of the course."""

    def __init__(self, texts: list[str]) -> None:
        # Functions, modules and attributes keep their names; variables are called anything.
        names = {name for text in texts for found in CALLED.findall(text) for name in found}
        self._known = names | set(keyword.kwlist) | set(dir(builtins))
        self._vectors = HashingVectorizer(
            analyzer=self._pieces, n_features=FEATURES, alternate_sign=False, norm=None, binary=True
        )
        self._course = self._vectors.transform(texts).indices

    def _pieces(self, text: str) -> Iterator[str]:
        tokens = [t if t in self._known else _blank(t) for t in TOKEN.findall(text) if t[0] != "#"]
        return map(" ".join, zip(*(tokens[start:] for start in range(PIECE)), strict=False))

    def rare(self, answers: list[str]) -> sparse.csr_matrix:
        """Return which rare pieces stand in which answer."""
        found = self._vectors.transform(answers)
        columns, where, counts = np.unique(found.indices, return_inverse=True, return_counts=True)
        most = min(max(RARE_SHARE * len(answers), RARE_LEAST), RARE_MOST)
        keep = (counts <= most) & ~np.isin(columns, self._course)
        narrow = sparse.csr_matrix(
            (found.data, where, found.indptr), shape=(len(answers), len(columns))
        )
        return narrow[:, keep]


def _blank(token: str) -> str:
    return token if not (token[0].isalpha() or token[0] == "_") else "name"


def _groups(
    group: Class, question: Question, cutter: _Cutter
) -> Iterator[tuple[frozenset[str], int]]:
    pupils = [pupil for pupil in group.graded if pupil.tried(question)]
    if len(pupils) < 2:
        return
    rare = cutter.rare([pupil.answer(question) for pupil in pupils])
    own = np.asarray(rare.sum(axis=1)).ravel()
    shared = sparse.triu(rare @ rare.T, k=1).tocoo()
    longer = np.maximum(own[shared.row], own[shared.col])
    keep = (shared.data >= LEAST) & (shared.data >= ALIKE * longer)
    rows, columns, pieces = shared.row[keep], shared.col[keep], shared.data[keep]
    graph = sparse.coo_matrix((pieces, (rows, columns)), shape=shared.shape)
    _, labels = connected_components(graph, directed=False)
    for label in np.unique(labels[rows]):
        members = frozenset(pupils[at].id for at in np.flatnonzero(labels == label))
        yield members, int(pieces[labels[rows] == label].min())
