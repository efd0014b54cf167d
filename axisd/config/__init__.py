"""The configuration: from files to one immutable `Settings` and one immutable `View`.

`axisd.config.load.read` is what the daemon uses, at its start and at every reload, and it is also all
that `axisd config check` does. Configuration is never read from the environment or the command line.
"""
