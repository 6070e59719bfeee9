ACCOUNTS=["a"]
def floods(s): pass
