"""What a mapping would do to real records, without sending anything."""
