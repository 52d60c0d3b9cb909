"""The collector: asks, converts, keeps. Everything here runs in one process beside the pages."""
