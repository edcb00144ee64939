"""`python -m fame`."""

from fame.cli import main

if __name__ == "__main__":
    main()
