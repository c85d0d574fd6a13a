"""The code *Paying Attention* teaches: one module a concept, each shown and proved in a chapter.

Shapes stand at line ends, in one set of letters:

    B batch                   T target / query positions    D model width (d_model)
    H heads (n_heads)         S source / key positions      K head width (d_k)
    V vocabulary              N layers (n_layers)

Batch comes first. Masks are boolean and True means may attend. Token 0 is padding.

A module imports only modules that stand before it in this list:

    checks · claims · figures · drawings · timing · autograd · optimizers · nn · convolution ·
    text · phrasebook · data · training · embeddings · recurrent · cache · attention · positions ·
    layers · masks · seq2seq · transformer · language · vision · decoding · cost ·
    retrieval · finetuning · parallel · metrics · translation · exercises · experiments · widgets

What a module offers is named in its `__all__`; all else is its own.
"""
