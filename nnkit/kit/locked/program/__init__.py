"""The program inside the locked process: it runs a submission and answers questions about it.

It is started as the stand-alone package ``locked``, from a folder that holds nothing else, and therefore imports
nothing of nnkit. `wire` is also the grader's side of the same socket.
"""
