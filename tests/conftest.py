"""What several tests start from."""

import pytest

from analytics.store import Store, open_store


@pytest.fixture(scope="session")
def bundled() -> Store:
    """The store of the bundled dataset."""
    return open_store(url="")
