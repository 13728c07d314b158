"""The settings page every connector's `admin.py` builds on."""
