#!/usr/bin/env python
"""Django's command line. `manage.py demo` brings its own settings; everything else reads them from the environment."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"]:
        from integrations.core.demo.environment import prepare_environment

        prepare_environment(sys.argv[2:])

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
