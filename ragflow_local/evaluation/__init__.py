"""Evaluates answers to a CSV of questions: recall@k, MRR, nDCG and citation precision.

    from ragflow_local.evaluation.evaluate import Setting, evaluate
    from ragflow_local.evaluation.questions import read_questions

It calls the public API only, so it measures what a user gets.
"""
