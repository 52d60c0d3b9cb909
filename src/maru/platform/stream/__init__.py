"""The event stream: one process that knows no Django and holds tens of thousands of readers."""
