"""The outside world of the model city: 290 systems in the wire formats that cities really meet. Shares no code with the house.

``python -m maru.simulator.outside --port P --home DIR [--records N] [--rate X] [--seed N]``. See README.md beside this file.
"""
