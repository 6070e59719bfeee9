def bad_streams(s): pass
