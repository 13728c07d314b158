"""`manage.py demo`: its environment, its child processes, and the journeys it walks."""
