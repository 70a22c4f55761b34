"""What runs on the far side of the door, before and beside a stranger's code.

These modules are started with ``python -I -S`` inside the locked process: they import the standard library and each
other, nothing else of nnkit, which is not there to be imported.
"""
