"""Reading mail: raw bytes to an Inbound, within bounds.

`reading.read` is the whole of it; `headers.sketch` and `parts.part` serve quarantine and the passing on of
files without the libraries that reading needs; `readers` has the two implementations of ports.Reader.
"""
