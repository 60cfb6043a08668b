"""Write the demo firm's files: `python scripts/make_firm.py [--into FOLDER]`. The same bytes every time."""

import argparse
import sys
from pathlib import Path

from firm.cases import enter_cases
from firm.crowd import fill_crm, fill_mailboxes, found_companies
from firm.edits import second_act
from firm.files import crm_files, mailbox_files, settings_file, to_json
from firm.people import Dice, Registry
from firm.records import Firm

SEED = 1886
HOME = Path(__file__).resolve().parent.parent / "tandem" / "firm"


def firm_files() -> dict[str, str]:
    """Every file of the firm: path below its folder → text."""
    firm = Firm(Registry(Dice(SEED)))
    companies = found_companies(firm)
    fill_crm(firm, companies)
    fill_mailboxes(firm, companies)
    enter_cases(firm, companies)
    edits = {"edits.json": to_json(second_act(firm))}
    return {**crm_files(firm), **mailbox_files(firm), **settings_file(), **edits}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--into", type=Path, default=HOME, metavar="FOLDER", help="where to write (default: %(default)s)"
    )
    into: Path = parser.parse_args().into
    files = firm_files()
    for name, text in files.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    sys.stdout.write(f"{len(files)} files, {sum(len(text.encode()) for text in files.values()):,} bytes in {into}\n")


if __name__ == "__main__":
    main()
