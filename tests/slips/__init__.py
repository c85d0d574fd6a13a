"""Answers that the checkers of the exercises must judge: one table a chapter, named as its checker.

SLIPS holds (number, a wrong answer that readers give, what the verdict must say, as a regular
expression); RIGHT, where there is one, (number, a right answer that is written in another way than
the chapter's folded solution). tests/test_exercises.py runs them.
"""
