"""The code that *Paying Attention* teaches, one module a concept; each definition is shown, run and proved in a chapter.

Shapes stand at line ends, in one set of letters:

    B batch                       T target / query positions    S source / key positions    D model width (d_model)
    H heads (n_heads)             K head width (d_k)            V vocabulary                N layers (n_layers)

Batch comes first. Masks are boolean and True means may attend. Token 0 is padding.
"""
