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

AREAS = ("inbox", "audience", "publish", "listing", "mail", "reminders", "trail", "permissions", "imports", "export_lists")
ON_HISTORY = ("timeline", "seal", "export")  # they need years of it, made when one of them is chosen


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--scale", choices=("S", "M", "L"), default="S", type=str.upper)
    parser.add_argument("--only", default="", help="the beginning of a name, such as inbox or inbox.page")
    options = parser.parse_args()
    server.prepare(options.scale)
    django.setup()

    from tests.bench import dataset, trail_dataset  # noqa: PLC0415 - they need Django's settings
    from tests.bench.timing import on_scale  # noqa: PLC0415

    dataset.ensure(options.scale)
    with on_scale("S"):  # figures of growth compare with it, in this very run
        dataset.ensure("S")
    benches = list(chosen(options.scale, options.only, AREAS))
    on_history = list(chosen(options.scale, options.only, ON_HISTORY))
    print(HEADINGS)
    failed = run(options.scale, benches)
    if on_history:
        trail_dataset.ensure(options.scale)
        with on_scale("S"):
            trail_dataset.ensure("S")
        failed |= run(options.scale, on_history)
    if not benches and not on_history:
        print("There is no bench of that name at this scale.")
    return 1 if failed or not (benches or on_history) else 0


def chosen(scale: str, only: str, areas: tuple[str, ...]) -> Iterator[tuple[str, Callable]]:
    """The benches of all areas whose name and `only` begin alike: `inbox` is all of them, `inbox.page.typical.buffers` the one it is of."""
    for area in areas:
        benches = importlib.import_module(f"tests.bench.{area}").benches(scale)
        yield from ((name, bench) for name, bench in benches.items() if name.startswith(only) or only.startswith(f"{name}."))


def run(scale: str, benches: list[tuple[str, Callable[[], list[Figure]]]]) -> bool:
    """Whether one of them could not be measured."""
    failed = False
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
    return failed


if __name__ == "__main__":
    sys.exit(main())
