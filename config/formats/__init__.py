"""Times as the log tells them, with the hours from 00 to 23: in languages where Django's formats have another way."""
