"""placeholder"""


def demonstrate(console, *, keep):
    raise SystemExit
