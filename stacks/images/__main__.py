"""``python -m stacks.images``: bring the digests of the images that our files name up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from stacks.images.pin import CannotPin, pin


def main() -> int:
    """Exit code: 0 done, 2 a digest could not be had and nothing was changed."""
    try:
        print("\n".join(pin(Path(__file__).parents[2])))
    except CannotPin as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
