"""Write book/references.md from book/references.bib and from what the chapters name; `--check` says
whether it differs, whether a chapter names a work that the list does not hold, and the reverse.

A chapter names a work in plain words, so that it reads the same in Colab: "Vaswani and others,
2017" in a sentence, "*Attention Is All You Need* (2017)" under *Further reading*. The patterns
below find both. citations.py uses them to turn such words into links on the built pages.
"""

import argparse
import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
PAGE = BOOK / "references.md"

WORD = r"(?:(?:van|den|de|di|dos) )*[A-ZÀ-ÞŁ][\w-]*\w"
NAME = rf"(?:(?:[A-ZÀ-ÞŁ][\w-]*\w|(?:[A-ZÀ-ÞŁ]\.[ -]?)+) )?{WORD}"
YEAR = r"(?:1[89]|20)\d\d\b"
# "Vaswani and others (2017", "Hubel and Wiesel (1959, 1962", "Elman's network (1990",
# "Linnainmaa's master's thesis (Helsinki, 1970", "Bengio, Simard and Frasconi proved in 1994".
LAST = rf"(?:,? (?:and|&) (?P<last>others\b|{NAME})| (?P<al>et al\.))"
NAMES = rf"(?<!\w)(?P<names>{NAME}(?:, {NAME})*{LAST}?)"
YEARS = rf"(?P<years>{YEAR}(?:(?:, | and ){YEAR})*)"
OWNED = r"(?:['’]s?(?: [a-z][a-z'’-]*){0,3})?"
BETWEEN = r"(?:, | \((?:[A-Z]\w+, )?|(?: [a-z]+){0,5} in )"
CITED = re.compile(NAMES + OWNED + BETWEEN + YEARS)
# In docstrings there is no comma: "Source: Elman 1990".
SOURCE = re.compile(NAMES + OWNED + r",? \(?" + YEARS)
TITLE = re.compile(rf"\*(?P<title>(?:[^*\\\n]|\\.)+)\*(?P<year> \({YEAR})?")
# Before a year, these are no names of authors.
NOBODY = {"In", "Since", "By", "Munich", "Helsinki", "ICLR", "Google", "Copyright", "Chapter"}


def plain(text: str) -> str:
    """A title as it is compared: lower case, no accents, letters and digits only."""
    text = unicodedata.normalize("NFKD", text.replace("\\", "")).casefold()
    return " ".join(re.findall(r"[a-z0-9²]+", re.sub(r"[\u0300-\u036f'’]", "", text)))


def surname(name: str) -> str:
    return plain(name.split()[-1])


@dataclass(frozen=True)
class Work:
    """An entry of the list."""

    key: str
    authors: tuple[str, ...]  # "A. Vaswani"; the last may be "others"
    title: str
    year: str
    venue: str
    links: tuple[tuple[str, str], ...]  # (words, address)
    years: frozenset[str]  # those by which it may be cited
    named: str  # a pattern, or ""

    @cached_property
    def surnames(self) -> list[str]:
        return [surname(author) for author in self.authors]

    def is_by(self, names: list[str], others: bool) -> bool:
        """Whether a citation of these surnames, "and others" or not, can mean this work."""
        if not others:
            return names == self.surnames
        return names == self.surnames[: len(names)] and len(self.surnames) > len(names)

    def is_called(self, title: str, whole: bool) -> bool:
        """Whether a title means this work; its beginning is enough unless `whole` is wanted."""
        title, own = plain(title), plain(self.title)
        return title == own or (not whole and bool(title) and (own + " ").startswith(title + " "))


def works(path: Path | None = None) -> dict[str, Work]:
    """The entries of references.bib by their keys, in its order."""
    found = {}
    for key, entry in parse_file(str(path or BOOK / "references.bib")).entries.items():
        fields = dict(entry.fields)
        people = []
        for person in entry.persons.get("author", []):
            parts = person.first_names, person.middle_names, person.prelast_names, person.last_names
            people.append(" ".join(part for group in parts for part in group))
        links = []
        if "eprint" in fields:
            links.append((f"arXiv:{fields['eprint']}", f"https://arxiv.org/abs/{fields['eprint']}"))
        if "doi" in fields:
            links.append((f"doi:{fields['doi']}", f"https://doi.org/{fields['doi']}"))
        if "url" in fields:
            links.append((fields["url"].removeprefix("https://").rstrip("/"), fields["url"]))
        places = ("journal", "booktitle", "publisher", "howpublished")
        found[key] = Work(
            key=key,
            authors=tuple(people),
            title=fields["title"],
            year=fields["year"],
            venue=next((fields[place] for place in places if place in fields), ""),
            links=tuple(links),
            years=frozenset({fields["year"], *fields.get("also", "").split()}),
            named=fields.get("named", ""),
        )
    return found


@dataclass(frozen=True)
class Mention:
    """Characters `start` to `end` of a text, which name the works `keys`: one, none if the list
    has no such work, several if the words alone do not decide."""

    start: int
    end: int
    words: str
    keys: tuple[str, ...]


def citations(text: str, known: dict[str, Work], code: bool = False) -> list[Mention]:
    """Where a text cites by names and year."""
    found = []
    for match in (SOURCE if code else CITED).finditer(text):
        names = re.split(r", (?:and |& )?| (?:and|&) | et al\.", match["names"])
        names = [surname(name) for name in names if name and name != "others"]
        others = match["last"] == "others" or bool(match["al"])
        if match["names"].split()[0].rstrip(",") in NOBODY or match["names"] in NOBODY:
            continue
        # With two years, the first is linked with the names and the second by itself.
        start = match.start()
        for year in re.finditer(YEAR, match["years"]):
            end = match.start("years") + year.end()
            keys = [
                key
                for key, work in known.items()
                if year[0] in work.years and work.is_by(names, others)
            ]
            if len(keys) > 1 and " in " in match[0]:  # "they saw it in 2014": which of two?
                continue
            if "(" in text[start:end]:  # the link takes the bracket in, and a section before it
                rest = re.match(r"[^()\d;]{0,12}(?:section [\d.]+)?\)", text[end:])
                end += rest.end() if rest else 0
            found.append(Mention(start, end, text[start:end], tuple(keys)))
            start = match.start("years") + year.end() + 2
    return found


def by_name(text: str, known: dict[str, Work]) -> list[Mention]:
    """Where a text names a work that has a name of its own."""
    return [
        Mention(match.start(), match.end(), match[0], (key,))
        for key, work in known.items()
        if work.named
        for match in re.finditer(rf"\b{work.named}", text)
    ]


def titled(title: str, year: str, known: dict[str, Work]) -> tuple[str, ...]:
    """The works of this title; without a year it must be all of it, and three words or more."""
    if not year and len(plain(title).split()) < 3:
        return ()
    return tuple(
        key
        for key, work in known.items()
        if (not year or year in work.years) and work.is_called(title, whole=not year)
    )


def prose(source: str) -> str:
    """Markdown without what is no prose: code, formulas, addresses."""
    source = re.sub(r"```.*?```|\$\$.*?\$\$", " ", source, flags=re.S)
    return re.sub(r"`[^`\n]*`|(?<!\\)\$[^$\n]*(?<!\\)\$|\]\([^)]*\)", " ", source)


def said_of(work: Work, before: str) -> bool:
    """Whether the names before a title, if there are any, are those of its authors."""
    before = re.split(r"[;\n]", before)[-1]
    given = re.search(r"[A-ZÀ-ÞŁ]\. ", before) and work.surnames
    return not given or bool(re.search(rf"\b{work.surnames[0]}", plain(before)))


def named_in(
    text: str, known: dict[str, Work], code: bool = False
) -> tuple[list[str], list[Mention], list[str]]:
    """What a text names: the keys that are certain, the mentions that could mean several works, and
    the faults, in words."""
    keys, unsure, faults = [], [], []
    for match in () if code else TITLE.finditer(text):
        year = (match["year"] or "")[2:]
        found = titled(match["title"], year, known)
        if year and not found:
            faults.append(f"*{match['title']}* ({year}) is not in references.bib")
        elif year and not said_of(known[found[0]], text[: match.start()]):
            faults.append(f"*{match['title']}* is by {known[found[0]].authors[0]}")
        keys += found[:1]
    for mention in citations(text, known, code) + by_name(text, known):
        if not mention.keys:
            faults.append(f"“{mention.words}” is not in references.bib")
        elif len(mention.keys) == 1:
            keys += mention.keys
        else:
            unsure.append(mention)
    return keys, unsure, faults


def decide(mention: Mention, certain: set[str]) -> str:
    """Of several works the one that the same text also names by its title; else the first."""
    return next((key for key in mention.keys if key in certain), mention.keys[0])


def texts() -> list[tuple[str, str, str, bool]]:
    """All that may name a work: (file, place in words, text, whether it is code)."""
    found = []
    for path in sorted(BOOK.glob("*.ipynb")):
        for i, cell in enumerate(nbformat.read(path, as_version=4).cells):
            code = cell.cell_type == "code"
            text = cell.source if code else prose(cell.source)
            found.append((path.name, f"book/{path.name}, cell {i}", text, code))
    for path in sorted(BOOK.glob("*.md")):
        if path != PAGE:
            text = prose(path.read_text(encoding="utf8"))
            found.append((path.name, f"book/{path.name}", text, False))
    for path in sorted((BOOK / "attend").rglob("*.py")):
        module = ".".join(path.relative_to(BOOK).with_suffix("").parts)
        found.append((module, f"book/{path.relative_to(BOOK)}", path.read_text("utf8"), True))
    return found


def survey(known: dict[str, Work]) -> tuple[dict[str, list[str]], list[str]]:
    """For each work the files that name it, and all faults."""
    where, faults, unsure, certain = {key: [] for key in known}, [], [], {}
    for file, place, text, code in texts():
        if code:  # lines of a docstring or a comment run on
            text = re.sub(r"\s*\n[ \t]*(?:# )?", " ", text)
        keys, open_ones, wrong = named_in(text, known, code)
        faults += [f"{place}: {fault}" for fault in wrong]
        unsure += [(file, mention) for mention in open_ones]
        certain.setdefault(file, set()).update(keys)
    for file, mention in unsure:
        certain[file].add(decide(mention, certain[file]))
    for file, keys in certain.items():
        for key in keys:
            where[key].append(file)
    faults += [f"references.bib: no text names {key}" for key, files in where.items() if not files]
    return where, faults


def escape(text: str) -> str:
    return re.sub(r"([*_$\[\]])", r"\\\1", text.replace("\\", ""))


def listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def line(work: Work, files: list[str]) -> str:
    """One entry, with a link to it and links from it to the chapters."""
    title = escape(work.title)
    said = [f"{listed(list(map(escape, work.authors)))}, " if work.authors else ""]
    said += [f"*{title}* ({work.year})", f", {escape(work.venue)}" if work.venue else "", ". "]
    said += [f"[{words}]({address}). " for words, address in work.links]
    chapters = [f"[{file[:2]}]({file})" for file in files if file.endswith(".ipynb")]
    pages = [f"[{Path(file).stem}]({file})" for file in files if file.endswith(".md")]
    modules = [f"`{file}`" for file in files if not file.endswith((".ipynb", ".md"))]
    number = "Chapter" if len(chapters) == 1 else "Chapters"
    named = [f"{number} {listed(chapters)}"] * bool(chapters) + pages
    named += [f"in code {listed(modules)}" if chapters else f"In code {listed(modules)}"] * bool(
        modules
    )
    return f"({work.key})=\n{''.join(said)}{'; '.join(named)}.\n"


HEAD = """\
# References

Every paper, book and data set that the book names, by first author, with the chapters that name \
it. On the built pages a citation in a chapter is a link to its entry here. Read what you cite: \
where a chapter says less, or other, than you remember of a paper, the paper decides.

One source of data is the book's own and has no entry: the phrasebook, a grammar that writes \
Chinese and English at once. Its datasheet is in [chapter 06](06_text.ipynb).
"""


def page(known: dict[str, Work], where: dict[str, list[str]]) -> str:
    parts, letter = [HEAD], ""

    def order(work):
        return (work.surnames or [plain(work.title)])[0], work.year, plain(work.title)

    for work in sorted(known.values(), key=order):
        if order(work)[0][0].upper() != letter:
            letter = order(work)[0][0].upper()
            parts.append(f"## {letter}\n")
        parts.append(line(work, where[work.key]))
    return "\n".join(parts)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument(
        "--check", action="store_true", help="change nothing; fail if it differs"
    )
    check = arguments.parse_args().check
    known = works()
    where, faults = survey(known)
    for fault in faults:
        print(f"references: {fault}")
    wanted = page(known, where)
    if not (PAGE.is_file() and PAGE.read_text(encoding="utf8") == wanted):
        if check:
            print("references: book/references.md differs from what the chapters name: make weave")
            return 1
        PAGE.write_text(wanted, encoding="utf8")
        print("references: book/references.md rewritten")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
