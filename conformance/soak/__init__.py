"""Hours in minutes: a daemon under thousands of sessions, faults and reloads; is anything lost?"""
