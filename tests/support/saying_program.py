"""Says who it is and what it was told, and does as it was told."""

import os
import signal
import sys

if __name__ == "__main__":
    imported = {"services.gateway.bootstrap", "tests.support.warm"} <= sys.modules.keys()
    told = sorted(name for name in os.environ if name not in {"LC_CTYPE", "LC_ALL", "LANG"})
    print(os.getpid(), __name__, sys.argv[1:], told, imported, flush=True)  # noqa: T201 -- a program prints
    match os.environ["WHAT"]:
        case "exit":
            sys.exit(3)
        case "raise":
            raise RuntimeError("told to raise")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stay":
            signal.pause()
