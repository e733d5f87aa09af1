"""One module (or package) per outside world; each third-party library lives in one of them only."""
