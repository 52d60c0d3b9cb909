"""Fixtures shared by all come from the platform; the home of a test run is made by ``maru.platform.testing.home``."""

pytest_plugins = ["maru.platform.testing.fixtures", "maru.platform.testing.database"]
