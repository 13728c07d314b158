"""Telling somebody that a connection needs them, once when it begins and once when it is over."""
