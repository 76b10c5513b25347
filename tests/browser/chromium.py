"""How every test here, and `make render`, starts Chromium."""

FLAGS = [
    "--no-sandbox",  # containers forbid it
    "--disable-gpu",
    # Nothing of its own over the network: a test sees only what the page asks for.
    "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
