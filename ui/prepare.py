"""Put in place what the server hands out, before it starts: `python -m ui.prepare`."""

from ui.plot import prepare

if __name__ == "__main__":
    prepare()
