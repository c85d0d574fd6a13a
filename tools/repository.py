"""The address of the repository, which stands in _config.yml.

    python tools/repository.py https://github.com/NAME/BOOK

writes it there; weave.py copies it into the first cell of every chapter (`make fork` does both),
and the pages' buttons (Colab, Binder, edit, issues, repository) follow it. As a Sphinx extension
this leaves the buttons out while the address is still the placeholder: they would lead nowhere.
"""

import re
import sys
from pathlib import Path

CONFIG = Path(__file__).resolve().parent.parent / "_config.yml"
PLACEHOLDER = "https://github.com/paying-attention/paying-attention"
ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")  # Colab opens GitHub's alone
STANDS = re.compile(r"^(repository:\n  url: )\S+$", re.MULTILINE)
BUTTONS = ("use_repository_button", "use_issues_button", "use_edit_page_button")
NONE = (
    "pages: no buttons for Colab, Binder, edits and issues: the repository's address is not known "
    "(make fork REPOSITORY=https://github.com/NAME/BOOK)"
)


def is_known(address: str) -> bool:
    return address.rstrip("/") != PLACEHOLDER


def set_address(address: str) -> None:
    """Write the address into _config.yml, the rest of which stays to the letter."""
    address = address.strip().removesuffix("/").removesuffix(".git")
    if not ADDRESS.fullmatch(address):
        raise ValueError(f"REPOSITORY must be https://github.com/NAME/BOOK, got {address!r}")
    text, found = STANDS.subn(rf"\g<1>{address}", CONFIG.read_text(encoding="utf8"))
    if found != 1:
        raise ValueError(f"{CONFIG.name} must have one line 'url:' below 'repository:'")
    CONFIG.write_text(text, encoding="utf8")


def leave_out_buttons(app, config) -> None:
    """Sphinx's config-inited: no button that leads nowhere, and one line that says so."""
    options = config.html_theme_options
    if is_known(options.get("repository_url", PLACEHOLDER)):
        return
    print(NONE)
    kept = {name: value for name, value in options.items() if name != "repository_url"}
    config.html_theme_options = kept | dict.fromkeys(BUTTONS, False) | {"launch_buttons": {}}


def setup(app):
    app.connect("config-inited", leave_out_buttons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def main() -> int:
    try:
        set_address(" ".join(sys.argv[1:]))
    except ValueError as error:
        print(f"repository: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
