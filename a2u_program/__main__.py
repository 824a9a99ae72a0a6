"""`python -m a2u_program` is `a2u`."""

from a2u_program.main import main

raise SystemExit(main())
