"""notices.py FILE: writes the licences of all that is in the shipped programs, each text once.

A crate that comes without its licence's text is taken under Apache-2.0, if it may be; else this fails, and a person has to look.
"""

import html
import pathlib
import re
import sys

import crates

HERE = pathlib.Path(__file__).resolve().parent
OWN = crates.ROOT / "LICENSE"
NAMES = re.compile(r"(?i)^(un)?(licen[cs]e|copying|copyright|notice)")
RULE = "=" * 80


class Texts:
    """Each text once, with whose it is."""

    def __init__(self):
        self.whose = {}

    def add(self, who: str, text: str):
        text = text.replace("\r\n", "\n").strip("\n")
        known = self.whose.setdefault(" ".join(text.split()), (text, []))
        if who not in known[1]:
            known[1].append(who)


def of_crate(crate: crates.Crate, texts: Texts):
    folder = crates.folders()[crate.name, crate.version]
    found = sorted(path for path in folder.iterdir() if NAMES.match(path.name) and path.is_file())
    if not found and "Apache-2.0" not in crate.licence:
        sys.exit(f"{crate.name} {crate.version} ({crate.licence}) has no file with its licence. Look for its text.")
    for path in found or [OWN]:
        texts.add(f"{crate.name} {crate.version}", path.read_text(errors="replace"))


def of_std(texts: Texts) -> str:
    """Of the standard library and what is in it, from the page that comes with the compiler, where it does."""
    release = crates.rustc()["release"]
    names = sorted({name for program in crates.PROGRAMS for name in crates.of_std(program)})
    page = pathlib.Path(crates.said("rustc", "--print", "sysroot").strip()) / "share" / "doc" / "rust" / "COPYRIGHT-library.html"
    sections = re.split(r"<h3>\W*([\w+.-]+?)-(\d[\w+.-]*)</h3>", page.read_text())[1:] if page.is_file() else []
    told = set()
    for name, version, section in zip(sections[::3], sections[1::3], sections[2::3]):
        if name.replace("-", "_") in names:
            for text in re.findall(r"(?s)<pre>(.*?)</pre>", section):
                told.add(name.replace("-", "_"))
                texts.add(f"{name} {version}, in Rust's standard library", html.unescape(text))
    licences = page.parent / "licenses"
    for path in (licences / "Apache-2.0.txt", licences / "MIT.txt"):
        if path.is_file():
            texts.add(f"Rust's standard library {release}", path.read_text())
    for name in names:
        if name not in told:
            texts.add(f"{name}, in Rust's standard library", OWN.read_text())
    if not page.is_file():
        texts.add(f"Rust's standard library {release}", OWN.read_text())
    return f"Rust's standard library {release}: MIT OR Apache-2.0, © The Rust Project Developers; with {', '.join(names)}"


def notices() -> bytes:
    """The whole file."""
    texts, inside = Texts(), {}
    for program in crates.PROGRAMS:
        for crate in list(crates.inside(program))[1:]:
            inside.setdefault(crate, []).append(program)
    lines = ["Switchover is under Apache-2.0 (LICENSE). Its programs hold these works of others; their licences follow.", ""]
    for crate in sorted(inside):
        of_crate(crate, texts)
        lines.append(f"{crate.name} {crate.version}: {crate.licence} ({', '.join(inside[crate])})")
    lines.append(of_std(texts))
    texts.add("wasi-libc", (HERE / "wasi-libc.txt").read_text())
    lines += ["wasi-libc: Apache-2.0 and, in parts, MIT and BSD-2-Clause (switchover.wasm)", ""]
    for text, whose in texts.whose.values():
        lines += [RULE, "; ".join(whose), RULE, "", text, ""]
    return "\n".join(lines).encode()


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_bytes(notices())
