"""The command line: `axisd NOUN VERB`. One file per noun, registered in `axisd.cli.main`."""
