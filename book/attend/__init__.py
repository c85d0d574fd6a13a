"""The code *Paying Attention* teaches: one module a concept, each shown and proved in a chapter.

Shapes stand at line ends, in one set of letters:

    B batch                   T target / query positions    D model width (d_model)
    H heads (n_heads)         S source / key positions      K head width (d_k)
    V vocabulary              N layers (n_layers)

Batch comes first. Masks are boolean and True means may attend. Token 0 is padding.
"""
