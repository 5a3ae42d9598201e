"""How well questions are answered: a CSV of questions in, recall@k, MRR, nDCG and citations out.

    from ragflow_local.evaluation.evaluate import Setting, evaluate
    from ragflow_local.evaluation.questions import read_questions

It calls the public API only, so it measures what a user gets.
"""
