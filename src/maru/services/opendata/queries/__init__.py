"""Reading the plaza. Every function is keyword-only after the thing itself and gives frozen dataclasses."""
