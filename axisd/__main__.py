"""`python -m axisd`, and the entry point of the installed program."""

from axisd.cli.main import main

if __name__ == "__main__":
    main()
