"""``python -m ragflow_local``: the command line."""

from ragflow_local.cli import main

if __name__ == "__main__":
    main()
