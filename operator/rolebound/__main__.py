"""`python -m rolebound`: the same as the `rolebound` command."""

import sys

from rolebound.cli import main

sys.exit(main())
