"""Small documents of many domains with questions, by kind of difficulty.

A line is one dataset: its documents, and questions with what an answer must hold (``want``: of each
list one) and must not (``wrong``). Half of each kind, drawn before it was first asked, is *seen*:
its failures were looked at when rules were made. Of the *held* half only rates were.
"""
