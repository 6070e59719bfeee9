def trouble(o): pass
