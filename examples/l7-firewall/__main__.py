"""python examples/l7-firewall: exit status 0 only if all was as it should be."""

import sys

from show import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
