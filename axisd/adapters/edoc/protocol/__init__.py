"""The eDoc API without I/O: what a request says, and what is answered.

    parameters  a request's headers: any case, trimmed, which of them count
    operations  which operations there are, by path and method, and what each answers when it fails
    answers     answers as JSON in ASCII
    faults      what went wrong, under the codes that clients of the older axis know
    numbers     docIds

Nothing here reads a clock, a socket or XML. What a caller did wrong is a `Fault`, never an exception.
"""
