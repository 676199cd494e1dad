"""Exit codes of all four programs: 0 done, 2 bad input, 1 failure, 130 stopped by Ctrl-C."""

import sys
from collections.abc import Callable

from advisor.contracts.errors import BadInput, RichtwertError


def exit_code(action: Callable[[], int | None]) -> int:
    """Run `action`; print an error that is meant for people on standard error and return its exit code."""
    try:
        return action() or 0
    except BadInput as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except RichtwertError as error:
        sys.stderr.write(f"failed: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    except BrokenPipeError:
        return 1
