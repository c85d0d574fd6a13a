"""python -m attend.experiments [NAME …]: see `running`."""

import sys

from attend.experiments.running import main

if __name__ == "__main__":
    sys.exit(main())
