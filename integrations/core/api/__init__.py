"""The JSON API at `/api/`: one frame for all sources. A source registers its router in its own `api.py`."""
