"""Ask the built site what users ask, and see that the right page comes first.

``python docs/check_search.py docs/_build/html`` answers each question below as the search field of
the site does (Sphinx's searchtools.js, with its stop words, stemmer and scores), and fails if the
page that answers it is not among the first three results. ``--query "..."`` shows the results of
one question.
"""

import argparse
import math
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from sphinx.search import js_index
from sphinx.search.en import SearchEnglish

# Scores of searchtools.js.
OBJECT_NAME, OBJECT_PART = 11, 6
OBJECT_PRIORITY = {0: 15, 1: 5, 2: -5}
TITLE, PART_OF_TITLE, TERM, PART_OF_TERM = 15, 7, 5, 2
INDEX_ENTRY = 100
BEST = 3  # results in which the page must be

QUESTIONS = (
    ("how do I install rfsk", "questions"),
    ("how do I get fields of my own torch net", "questions"),
    ("extract weights from a PyTorch model", "questions"),
    ("fields of an MLPClassifier", "questions"),
    ("get the fields of a pipeline", "questions"),
    ("fields of a middle layer", "questions"),
    ("why is my IPR inverted", "questions"),
    ("what does an IPR of 0.015 mean", "questions"),
    ("how do I make open boundaries", "questions"),
    ("non-periodic boundary", "questions"),
    ("which gain convention", "questions"),
    ("why does no field localize", "questions"),
    ("why do only half of the fields localize", "questions"),
    ("why is the accuracy 0.5", "questions"),
    ("accuracy stuck at chance", "questions"),
    ("how many samples do I need", "questions"),
    ("make a Gaussian control of my own data", "questions"),
    ("image_shape axis order", "questions"),
    ("how do I use my own input distribution", "questions"),
    ("how do I use a photograph", "questions"),
    ("colour images", "questions"),
    ("train on fresh samples", "questions"),
    ("how do I use a GPU", "questions"),
    ("record fields while they form", "questions"),
    ("make an animation", "questions"),
    ("gif of receptive fields", "questions"),
    ("training is slow", "questions"),
    ("custom activation function", "questions"),
    ("compare fields with CP factors", "questions"),
    ("pooling classes in the cumulant", "questions"),
    ("how large may D be", "questions"),
    ("data that do not fit into memory", "questions"),
    ("run a sweep on a cluster", "questions"),
    ("resume a sweep that was killed", "questions"),
    ("how do I make results reproducible", "questions"),
    ("how do I save a net", "questions"),
    ("restart a sweep", "questions"),
    ("hyperparameter search", "questions"),
    ("early stopping", "questions"),
    ("FCNet in a grid search", "questions"),
    ("will my inputs localize", "questions"),
    ("why does relu need other targets", "questions"),
    ("what is the Gaussian equivalence gap", "questions"),
    ("how do I tell noise from a localized field", "questions"),
    ("why are the weights of CumulantCP negative", "questions"),
    ("how do I prune a net", "questions"),
    ("how do I cite rfsk", "questions"),
    ("bibtex", "questions"),
    ("how do I reproduce the paper", "questions"),
    ("participation ratio", "questions"),
    ("check my own input model", "guide/testing"),
    ("is my measure invariant to shift and sign", "guide/testing"),
    ("hypothesis strategies", "guide/testing"),
    ("lecture page with sliders", "guide/live"),
    ("lesson plan", "teaching"),
    ("exercises for students", "teaching"),
    ("fields transposed", "guide/mistakes"),
    ("no seed", "guide/mistakes"),
    ("typical mistakes", "guide/mistakes"),
    ("quick start", "quick_start"),
    ("localization index", "theory/localization-index"),
    ("cubic flow", "theory/cubic-flow"),
    ("phase diagram", "generated/rfsk.experiments.phase_diagram"),
    ("fit_online", "generated/rfsk.FCNet"),
    ("ising", "generated/rfsk.Ising"),
    ("authors' scripts", "coming_from/authors_scripts"),
    ("mf readout", "coming_from/authors_scripts"),
    ("coming from JAX", "coming_from/jax"),
    ("parafac", "coming_from/tensorly"),
    ("hidden_layer_sizes", "coming_from/scikit_learn"),
    ("max_iter learning_rate_init alpha", "coming_from/scikit_learn"),
)


class Result(NamedTuple):
    """One line of the list of results."""

    page: str
    title: str
    anchor: str
    description: str | None
    score: float


class Search:
    """The search field of a built site.

    Parameters
    ----------
    folder : path
        Of the HTML pages, with `searchindex.js`.
    """

    def __init__(self, folder: Path) -> None:
        self.index = js_index.loads((folder / "searchindex.js").read_text(encoding="utf-8"))
        self.language = SearchEnglish({})

    def query(self, query: str) -> list[Result]:
        """Results, best first, without repetitions."""
        words = _split(query)
        terms = {
            self.language.stem(word): None
            for word in words
            if word.lower() not in self.language.stopwords and not re.fullmatch(r"[0-9]+", word)
        }
        objects = list(dict.fromkeys(word.lower() for word in words))
        main = [*self._titles(query), *self._index_entries(query, main=True)]
        for word in objects:
            main += self._objects(word, objects)
        main += self._texts(list(terms))
        others = self._index_entries(query, main=False)
        # Of equals the last comes first: the list is sorted upwards, and shown from its end.
        main.reverse()
        others.reverse()
        ranked = [*sorted(main, key=_rank), *sorted(others, key=_rank)]
        first: dict[tuple[Any, ...], Result] = {}
        for result in ranked:
            first.setdefault(result[:4], result)
        return list(first.values())

    def _titles(self, query: str) -> list[Result]:
        """Pages and sections whose title holds the query as it is typed."""
        asked, found = query.lower().strip(), []
        for title, places in self.index["alltitles"].items():
            if asked in title.lower().strip() and len(asked) >= len(title) / 2:
                for page, anchor in places:
                    own = self.index["titles"][page]
                    score = _rounded(TITLE * len(asked) / len(title)) + (own == title)
                    shown = title if own == title else f"{own} > {title}"
                    found.append(self._result(page, shown, f"#{anchor}" if anchor else "", score))
        return found

    def _index_entries(self, query: str, main: bool) -> list[Result]:
        """Entries of the general index that hold the query."""
        asked, found = query.lower().strip(), []
        for entry, places in self.index["indexentries"].items():
            if asked in entry and len(asked) >= len(entry) / 2:
                for page, anchor, is_main in places:
                    if is_main == main:
                        score = _rounded(INDEX_ENTRY * len(asked) / len(entry))
                        title = self.index["titles"][page]
                        found.append(
                            self._result(page, title, f"#{anchor}" if anchor else "", score)
                        )
        return found

    def _objects(self, word: str, words: list[str]) -> list[Result]:
        """Documented names that hold a word, the others being in name, kind or page title."""
        found = []
        for prefix, names in self.index["objects"].items():
            for page, kind, priority, anchor, name in names:
                full = f"{prefix}.{name}" if prefix else name
                last = full.lower().split(".")[-1]
                if word not in full.lower():
                    continue
                kind_name, title = self.index["objnames"][str(kind)], self.index["titles"][page]
                text = f"{prefix} {name} {kind_name[2]} {title}".lower()
                if any(other not in text for other in words if other != word):
                    continue
                score = OBJECT_PRIORITY.get(priority, 0)
                if word in (full.lower(), last):
                    score += OBJECT_NAME
                elif word in last:
                    score += OBJECT_PART
                place = {"": full, "-": f"{kind_name[1]}-{full}"}.get(anchor, anchor)
                description = f"{kind_name[2]}, in {title}"
                found.append(self._result(page, full, f"#{place}", score, description))
        return found

    def _texts(self, terms: list[str]) -> list[Result]:
        """Pages on which every term occurs, by the best of the scores of their terms."""
        scores: dict[int, dict[str, int]] = {}
        for term in terms:
            for pages, score in self._occurrences(term):
                for page in [pages] if isinstance(pages, int) else pages:
                    scores.setdefault(page, {})[term] = score
        long = sum(len(term) > 2 for term in terms)
        return [
            self._result(page, self.index["titles"][page], "", max(of_terms.values()))
            for page, of_terms in scores.items()
            if len(of_terms) in (len(terms), long)
        ]

    def _occurrences(self, term: str) -> list[tuple[Any, int]]:
        """Pages of a term and their score, later ones overriding earlier ones."""
        kinds = ("terms", TERM, PART_OF_TERM), ("titleterms", TITLE, PART_OF_TITLE)
        found = [
            (self.index[kind][term], whole) for kind, whole, _ in kinds if term in self.index[kind]
        ]
        for kind, _, part in kinds:
            if len(term) > 2 and term not in self.index[kind]:
                found += [
                    (pages, part) for other, pages in self.index[kind].items() if term in other
                ]
        return found

    def _result(
        self, page: int, title: str, anchor: str, score: float, description: str | None = None
    ) -> Result:
        return Result(self.index["docnames"][page], title, anchor, description, score)


def _split(query: str) -> list[str]:
    """Words of a query: letters, digits and underscores."""
    return re.findall(r"\w+", query)


def _rounded(number: float) -> int:
    """JavaScript's rounding: halves go up."""
    return math.floor(number + 0.5)


def _rank(result: Result) -> tuple[float, str]:
    return -result.score, result.title.lower()


def main(arguments: list[str] | None = None) -> int:
    """Ask all questions; return 1 if one is not answered by its page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("html", type=Path, help="folder of the built pages")
    parser.add_argument("--query", help="show the results of this question instead")
    options = parser.parse_args(arguments)
    search = Search(options.html)
    if options.query:
        for result in search.query(options.query):
            print(f"{result.score:4}  {result.page}{result.anchor}  {result.title}")
        return 0
    failures = 0
    for question, page in QUESTIONS:
        results = search.query(question)
        if page not in [result.page for result in results[:BEST]]:
            failures += 1
            places = [i for i, result in enumerate(results, 1) if result.page == page]
            found = ", ".join(f"{result.page} ({result.score})" for result in results[:BEST])
            where = f"place {places[0]}" if places else "not found"
            print(f"{question!r}: {page} is {where}; first are {found or 'none'}", file=sys.stderr)
    print(f"{len(QUESTIONS) - failures} of {len(QUESTIONS)} questions lead to their page")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
