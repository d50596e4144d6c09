"""`python -m tests.bench --scale S|M|L --only NAME`: measure, print a table, append to var/bench/<scale>.jsonl.

Exits with 1 only when something could not be measured; a missed target is a result.
"""

# ruff: noqa: T201 - printing is its answer

import argparse
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator

import django

from tests.bench import server
from tests.bench.report import HEADINGS, Figure, MeasurementError, append, row

AREAS = ("inbox", "audience", "publish", "listing", "mail")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--scale", choices=("S", "M", "L"), default="S", type=str.upper)
    parser.add_argument("--only", default="", help="the beginning of a name, such as inbox or inbox.page")
    options = parser.parse_args()
    server.prepare(options.scale)
    django.setup()

    from tests.bench import dataset  # noqa: PLC0415 - needs Django's settings
    from tests.bench.timing import on_scale  # noqa: PLC0415

    dataset.ensure(options.scale)
    with on_scale("S"):  # figures of growth compare with it, in this very run
        dataset.ensure("S")
    print(HEADINGS)
    return run(options.scale, list(chosen(options.scale, options.only)))


def chosen(scale: str, only: str) -> Iterator[tuple[str, Callable]]:
    """The benches of all areas whose name and `only` begin alike: `inbox` is all of them, `inbox.page.typical.buffers` the one it is of."""
    for area in AREAS:
        benches = importlib.import_module(f"tests.bench.{area}").benches(scale)
        yield from ((name, bench) for name, bench in benches.items() if name.startswith(only) or only.startswith(f"{name}."))


def run(scale: str, benches: list[tuple[str, Callable[[], list[Figure]]]]) -> int:
    failed = not benches
    if failed:
        print("There is no bench of that name at this scale.")
    for name, bench in benches:
        try:
            figures = bench()
        except MeasurementError as error:
            failed = True
            print(f"{name:<34}cannot be measured: {error}")
        except Exception:  # noqa: BLE001 - one broken bench must not cost the others
            failed = True
            print(f"{name:<34}cannot be measured:")
            traceback.print_exc()
        else:
            append(server.FOLDER / f"{scale.lower()}.jsonl", figures)
            print("\n".join(row(figure) for figure in figures), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
