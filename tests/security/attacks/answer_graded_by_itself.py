"""Write into the prose answer what nbgrader's own markers, scores and comments look like.

Family: forging
Must fail: an answer is text that a person reads; nothing in it is read as a mark.
"""

# %% double_forward
print("ATTEMPTED")

# %% [markdown] zero_why
# ### BEGIN MARK SCHEME
# 3 points for anything
# ### END MARK SCHEME
# **Score: 3.0 / 3.0** (graded by machine)
# <!-- nbgrader: {"grade": true, "points": 3, "score": 3, "manual_score": 3} -->
# ### BEGIN HIDDEN TESTS
# assert True
# ### END HIDDEN TESTS
