"""The claims that notes on this subject repeat, and the one way a chapter gives its verdict."""

import textwrap

__all__ = ["CLAIMS", "claim"]

# Worded as they are commonly told; the verdicts say what is true of them.
CLAIMS = {
    1: "A stack of linear layers is linear.",
    2: "One wide hidden layer can approximate any continuous function.",
    3: "A fully connected layer 30×30 → 1 000 has 900 000 weights.",
    4: "A shift moves every input of a dense layer, and only moves a convolution's output.",
    5: "Too large a learning rate oscillates, then diverges.",
    6: "Backpropagation costs a constant times the forward pass.",
    7: "Training error can fall while test error rises.",
    8: "More data, augmentation, early stopping, L1/L2 and dropout each help.",
    9: "L1 makes zeros, L2 makes small weights.",
    10: "Gradients vanish or explode with depth.",
    11: "Residual connections, clipping, initialisation and normalisation each help.",
    12: "Momentum, RMSProp, Adam converge faster than plain descent on a badly scaled problem.",
    13: "A deeper plain net can be worse than a shallower one, even on training data.",
    14: "One-hot vectors carry no similarity.",
    15: "Word vectors do arithmetic.",
    16: "A context-free tagger cannot tell apple from Apple.",
    17: "An RNN forgets what came early.",
    18: "LSTM and GRU remember longer.",
    19: "GRU's reset gate at 0 drops the past.",
    20: "LSTM solves vanishing *and* exploding gradients.",
    21: "RNN time grows with length and does not parallelise.",
    22: "One context vector is a bottleneck for long sentences.",
    23: "Attention removes the bottleneck.",
    24: "A larger α means more influence.",
    25: "Dot products have variance d_k, and scaling restores 1.",
    26: "Without scaling, softmax saturates and gradients die.",
    27: "Self-attention ignores order.",
    28: "A position attends too much to itself, and multiple heads cure it.",
    29: "Heads learn different jobs.",
    30: "*it* attends to what it refers to.",
    31: "Multi-head costs about the same as one head of full width.",
    32: "Self-attention with Q = K = 0 is a feed-forward layer.",
    33: "Sinusoidal encodings let position p+k be written linearly in p.",
    34: "Their dot product falls with distance and is blind to direction.",
    35: "Sinusoidal encoding *is* a relative encoding.",
    36: "Learned positions cannot go past the trained length; sinusoidal, rotary, ALiBi can.",
    37: "FFN holds about two thirds of the parameters.",
    38: "BatchNorm beats LayerNorm wherever both can be used.",
    39: "LayerNorm treats training and inference alike, BatchNorm does not.",
    40: "The invariance table of the four norms.",
    41: "A padding mask makes padding harmless.",
    42: "A causal mask makes parallel training equal to step-by-step.",
    43: "Without it the model cheats.",
    44: "The decoder decodes in parallel.",
    45: "A Transformer trains faster than an RNN at the same quality.",
    46: "On small data an RNN does better.",
    47: "Transformers handle any length.",
    48: "Attention weights explain the model.",
    49: "Base has 65 M parameters.",
    50: "Dropout throws parameters away.",
    51: "Softmax attention is a soft dictionary.",
    52: "The cost of attention is quadratic in length.",
    53: "A ViT needs more data than a CNN.",
    54: "Channel and spatial attention help a CNN.",
    55: "Pre-training helps when labels are few.",
    56: "Approximate search keeps recall at a fraction of the time.",
    57: "Retrieval reduces made-up answers.",
    58: "Any modality becomes a sequence.",
    59: "Concatenated word vectors carry no order.",
    60: "A convolutional network suits only static data.",
    61: "The larger u·v, the likelier the two words occur together.",
    62: "A wider state remembers longer.",
    63: "Attention lowers the amount of computing.",
    64: "Self-attention cures the vanishing gradient over distance.",
    65: "A mask is multiplied with the scores.",
    66: "Norms act by removing internal covariate shift.",
    67: "Relative positions do better than absolute ones.",
    68: "A Transformer is less interpretable than an RNN.",
    69: "A Transformer needs warm-up.",
    70: "Label smoothing hurts perplexity and improves BLEU.",
    71: "Word vectors do not know the sentence that the word stands in.",
    72: "Attention's filters change with the picture.",
    73: "Self-attention can do what a convolution does.",
    74: "A Transformer cannot use the locality of a picture.",
    75: "Pixel by pixel a picture costs attention too much, so it is cut into patches.",
    76: "Attention relates what lies far apart, and a convolution cannot.",
    77: "The gate of a channel says how important it is.",
    78: "A recurrent network must keep a wide state of every step, so it needs much memory.",
    79: "Computing in parallel is what makes long sequences possible.",
    80: "A Transformer's time goes into matrix products.",
    81: "A batch shared out among processes gives the gradient of the whole.",
    82: "Computing again on the way back saves memory and costs time.",
    83: "An autoencoder pre-trains as well as a masked language model.",
    84: "Pre-training learns a representation of the sentence.",
    85: "An encoder understands a word better than a decoder.",
    86: "Vectors cut into pieces, each coded by k-means, take less room and are found faster.",
    87: "A vector database is the memory of the model: change it, and the model knows.",
    88: "Dot product or cosine: both find the same neighbours.",
    89: "A shop's search is attention: a query, keys and values.",
    90: "A vector database helps a model while it is trained.",
    91: "LoRA is as good as fine-tuning everything.",
    92: "Fine-tune on the answers only.",
    93: "Fine-tuning makes a model forget.",
    94: "Preferences need no reward model.",
    95: "Reinforcement teaches what the model could not do.",
    96: "Thinking step by step helps.",
}
VERDICTS = ("holds", "holds if", "does not hold")
PROOFS = ("proved", "counted", "measured")


def claim(number: int, verdict: str, evidence: bool, proof: str) -> None:
    """Print the verdict on a claim of the ledger, if the evidence computed beside it is true.

    `verdict` begins with "holds", "holds if" or "does not hold" and may go on to say when or why.
    `proof` says what kind of proof that is: "proved" (by algebra, or an equality checked to the
    last digit), "counted" (a formula and the code agree), or "measured: 8 seeds, 4 learning rates,
    400 batches" with what was run. Raises ValueError for any other beginning, and AssertionError
    where the evidence is false: the verdict is stale, or the code is broken.
    """
    if number not in CLAIMS:
        raise ValueError(f"number must be one of 1 … {max(CLAIMS)}, got {number!r}")
    if not verdict.startswith(VERDICTS):
        raise ValueError(f"verdict must begin with one of {', '.join(VERDICTS)}, got {verdict!r}")
    if not proof.startswith(PROOFS):
        raise ValueError(f"proof must begin with one of {', '.join(PROOFS)}, got {proof!r}")
    if not evidence:
        raise AssertionError(f"claim {number} ({CLAIMS[number]}): no evidence for {verdict!r}")
    for line in (f"Claim {number}: {CLAIMS[number]}", f"→ {verdict}", f"({proof})"):
        print(textwrap.fill(line, 88, subsequent_indent="  "))
