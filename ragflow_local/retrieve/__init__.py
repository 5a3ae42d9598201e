"""Retrieves the hits for a question.

    query         the question's terms, their weights, and its vector
    candidates    the nearest by meaning and the best by words, their union
    similarity    both similarities of each candidate, exact, and the blend that ranks
    graph         entities of one name as one hit, and the chunks they lead to
    search        the whole of it

What this room does not know: how chunks came to be, and what is done with the hits. It reads
from the stores, and never writes.
"""
