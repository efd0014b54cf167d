"""Whether an agency's system does what the axis and the regulation ask of it, found out by writing to it.

`checks` is the table of what is asked, `letters` what is written, `heard` what came back, `judging` what is
wrong with it, `laboratory` what only a sandbox can do to a system, `exam` the order of it all.
"""
