"""HTTP for operators: metrics and health on a port, commands on a Unix socket."""
