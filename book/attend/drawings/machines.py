"""Neurons, heads, residual blocks, and the Transformer that is made of them."""

from attend import checks
from attend.drawings.pen import AMBER, BLUE, GREEN, ORANGE, PINK, SKY, Drawing

__all__ = ["multi_head", "neuron", "residual_block", "transformer"]

SMALLER = 13
HEADS = (GREEN, ORANGE, BLUE, PINK)


def neuron() -> Drawing:
    """A neuron: three inputs, their weights, a bias, the sum, the activation. Taught in chapter
    01."""
    drawing = Drawing(
        340,
        228,
        "A neuron with three inputs",
        "The inputs, x 1, x 2 and x 3, are each multiplied by a weight, w 1, w 2 and w 3. Their "
        "sum and a bias b make z. The activation g makes of z the output a, which is g of z.",
    )
    total = drawing.circle(158, 98, 19, "Σ", BLUE, size=19)
    for i, y in enumerate((34, 98, 162), start=1):
        given = drawing.circle(28, y, 17, f"$x_{i}$")
        start = (given.x + 17, y + (98 - y) * 0.11)
        drawing.arrow(start, (158 - 18.5, 98 + (y - 98) * 0.13))
        drawing.label(90, (47, 86, 150)[i - 1], f"$w_{i}$")
    drawing.arrow((158, 40), total.top())
    drawing.label(158, 26, "bias $b$")
    bend = drawing.box(236, 98, 40, 38, "$g$", ORANGE)
    drawing.arrow(total.right(), bend.left())
    drawing.label(196, 84, "$z$")
    out = drawing.circle(312, 98, 17, "$a$")
    drawing.arrow(bend.right(), out.left())
    for x, text in ((28, "inputs"), (90, "weights"), (158, "weighted\nsum"), (236, "activation"),
                    (314, "output")):  # fmt: skip
        drawing.label(x, 206, text, faint=True)
    return drawing


def multi_head() -> Drawing:
    """Multi-head attention: split, attend, merge. Taught in chapter 12."""
    drawing = Drawing(
        340,
        438,
        "Multi-head attention: split, attend, merge",
        "From the bottom up. The queries are made of x by the matrix W Q, the keys and values of "
        "the memory by W K and W V; each of the three has D numbers a word. Each is cut into H "
        "pieces, here four, of D divided by H numbers, one for each head. Every head attends by "
        "itself, with its own pieces. What the heads give is written side by side, D numbers a "
        "word again, and a last matrix, W O, mixes the heads into the output.",
    )
    xs = (62, 170, 278)
    drawing.label(62, 424, "queries from $x$")
    drawing.label(224, 424, "keys, values from memory")
    drawing.line((224, 412), (224, 398))
    drawing.dot(224, 398)
    for x, letter in zip(xs, "QKV", strict=True):
        box = drawing.box(x, 362, 56, 28, f"$W_{letter}$")
        if letter == "Q":
            drawing.arrow((x, 412), box.bottom())
        else:
            drawing.arrow((224, 398), (x, 398), box.bottom())
        vector = drawing.strip(x, 314, 84, 14, HEADS)
        drawing.arrow(box.top(), vector.bottom())
        drawing.arrow(vector.top(), (x, 262), width=3)
    for x, length in ((116, "T"), (224, "S")):
        drawing.label(x, 340, f"$[B, {length}, D]$", size=12)
        drawing.label(x, 286, f"$[B, H, {length}, K]$", size=12)
    drawing.frame(8, 176, 332, 260)
    for i, colour in enumerate(HEADS):
        head = drawing.box(50 + 80 * i, 212, 70, 36, f"head {i + 1}", colour, tint=0.22)
        high, end = 154 if i in (0, 3) else 165, 125 + 30 * i
        drawing.arrow(head.top(), (head.x, high), (end, high), (end, 139), colour=colour)
    drawing.label(170, 246, "attend: softmax($QK$ᵀ / √$d_k$) $V$")
    merged = drawing.strip(170, 132, 120, 14, HEADS)
    drawing.label(238, 132, "$[B, T, D]$", anchor="start", size=12)
    mix = drawing.box(170, 84, 56, 28, "$W_O$")
    drawing.arrow(merged.top(), mix.bottom())
    drawing.arrow(mix.top(), (170, 30))
    drawing.label(170, 17, "output")
    drawing.label(178, 48, "$[B, T, D]$", anchor="start", size=12)
    drawing.label(8, 132, "merge", anchor="start", faint=True)
    drawing.label(8, 286, "split", anchor="start", faint=True)
    return drawing


def residual_block(norm: str = "pre") -> Drawing:
    """An encoder layer: two sub-layers, each beside the stream, and where the norm stands: "pre",
    in front of the sub-layer, or "post", on the stream, after the sum. Taught in chapter 14."""
    checks.one_of("norm", norm, ("pre", "post"))
    pre = norm == "pre"
    height = 430 if pre else 470
    where = (
        "a LayerNorm in front of it, so that nothing stands on the stream but two sums"
        if pre
        else "and a LayerNorm stands on the stream after each sum"
    )
    drawing = Drawing(
        340,
        height,
        f"A block with its residual connections, {norm}-norm",
        "From the bottom up. The stream, B by T by D, runs straight through. Twice a branch leaves "
        "it, goes through a sub-layer, and is added to it again: first attention, then the "
        f"feed-forward network; {where}.",
    )
    x, side = 84, 236
    drawing.label(x, height - 14, "$[B, T, D]$", size=SMALLER)
    low = height - 26
    for name, colour in (("attention", GREEN), ("feed-forward", BLUE)):
        high = low - (176 if pre else 196)
        add = drawing.plus(x, low - 134, colour)
        drawing.line((x, low), add.bottom(), width=3)
        part = drawing.box(side, low - (92 if pre else 72), 130, 34, name, colour)
        drawing.dot(x, low - 16)
        if pre:
            first = drawing.box(side, low - 44, 130, 26, "LayerNorm", PINK)
            drawing.arrow((x, low - 16), (side, low - 16), first.bottom())
            drawing.arrow(first.top(), part.bottom())
        else:
            drawing.arrow((x, low - 16), (side, low - 16), part.bottom())
        drawing.arrow(part.top(), (side, low - 134), add.right())
        if pre:
            drawing.line(add.top(), (x, high), width=3)
        else:
            after = drawing.box(x, low - 168, 104, 26, "LayerNorm", PINK)
            drawing.line(add.top(), after.bottom(), width=3)
            drawing.line(after.top(), (x, high), width=3)
        low = high
    drawing.arrow((x, low), (x, 34), width=3)
    drawing.label(x, 20, "$[B, T, D]$", size=SMALLER)
    drawing.label(x - 10, height - 96, "stream", anchor="end", faint=True)
    return drawing


def transformer(norm: str = "pre") -> Drawing:
    """The whole machine: encoder and decoder, every sub-layer beside its stream, every norm. Each
    box leads to the chapter it was built in. norm: "pre" or "post". Taught in chapter 16."""
    checks.one_of("norm", norm, ("pre", "post"))
    pre = norm == "pre"
    final = " A last LayerNorm stands at the end of each stack." if pre else ""
    drawing = Drawing(
        340,
        740 if pre else 702,
        f"The Transformer, {norm}-norm",
        "From the bottom up. On the left the encoder: the source, B by S words, becomes vectors "
        "times root D, and positions are added. Then N layers, each of self-attention and a "
        "feed-forward network. What comes out is the memory, B by S by D. On the right the "
        "decoder: the target so far, B by T words, becomes vectors in the same way. Then N layers, "
        "each of masked self-attention, attention to the memory, and a feed-forward network. A "
        "generator gives a score for each of the V words, a softmax makes probabilities of them. "
        "A residual connection leads around every sub-layer, and a LayerNorm stands "
        f"{'in front of each' if pre else 'after each sum'}.{final}",
    )
    attention = ("self-attention", GREEN, "12_multi_head")
    masked = ("masked\nself-attention", GREEN, "15_masks")
    cross = ("attention\nto memory", AMBER, "10_attention")
    network = ("feed-forward", BLUE, "14_block")
    encoder = Column(drawing, 84, -1, "source $[B, S]$", (attention, network), pre)
    decoder = Column(drawing, 256, 1, "target so far $[B, T]$", (masked, cross, network), pre)
    # the memory, to the decoder's second sub-layer
    reader, turn = decoder.places[1], encoder.top - 24
    way = (84, encoder.top), (84, turn), (170, turn), (170, reader.y), reader.left()
    drawing.arrow(*way, width=2.5, colour=AMBER)
    drawing.label(84, turn - 24, "memory\n$[B, S, D]$", size=12.5)
    # from the stream to words
    top = decoder.top - 34
    generator = drawing.box(256, top - 13, 120, 26, "generator · 09", ORANGE,
                            link="09_seq2seq.html")  # fmt: skip
    drawing.arrow((256, decoder.top), generator.bottom())
    drawing.label(264, decoder.top - 19, "$[B, T, D]$", anchor="start", size=12.5)
    softmax = drawing.box(256, top - 64, 120, 26, "softmax · 17", ORANGE,
                          link="17_decoding.html")  # fmt: skip
    drawing.arrow(generator.top(), softmax.bottom())
    drawing.label(264, top - 38, "$[B, T, V]$", anchor="start", size=12.5)
    drawing.arrow(softmax.top(), (256, top - 102))
    drawing.label(256, top - 114, "the next word")
    return drawing


class Column:
    """One side of the Transformer, drawn from the bottom up around the line x: the embedding, and
    a frame with the sub-layers, the residual connections on their outer side (−1 left, 1 right)."""

    def __init__(self, drawing, x, side, source, parts, pre):
        self.drawing, self.x, self.side, self.pre = drawing, x, side, pre
        self.places = []
        drawing.label(x, drawing.height - 14, source)
        words = drawing.box(x, drawing.height - 60, 120, 40, "words × √$D$\n+ positions · 13", SKY,
                            link="13_position.html")  # fmt: skip
        drawing.arrow((x, drawing.height - 26), words.bottom())
        drawing.line(words.top(), (x, words.top()[1] - 24))
        self.top = words.top()[1] - 24
        drawing.label(x + 76 * side, self.top + 12, "N layers", faint=True,
                      anchor="end" if side > 0 else "start")  # fmt: skip
        foot = self.top
        for part in parts:
            self.sub_layer(*part)
        left, right = sorted((x + 76 * side, x - 66 * side))
        drawing.frame(left, self.top - 12, right, foot)
        if pre:
            last = drawing.box(x, self.top - 39, 120, 22, "LayerNorm · 14", PINK,
                               link="14_block.html")  # fmt: skip
            drawing.arrow((x, self.top), last.bottom())
            self.top = last.top()[1]
        else:
            drawing.line((x, self.top), (x, self.top - 12))
            self.top -= 12

    def sub_layer(self, name, colour, page):
        """From self.top upwards: the branch, the norm, the part and the sum; a new self.top."""
        drawing, x, branch = self.drawing, self.x, self.top - 10
        high = 14 + 15 * (name.count("\n") + 1)
        name = f"{name} · {page[:2]}"
        below = (x, self.top)
        y = branch - 18
        if self.pre:
            norm = drawing.box(x, y - 11, 120, 22, "LayerNorm · 14", PINK, link="14_block.html")
            drawing.arrow(below, norm.bottom())
            below, y = norm.top(), y - 22 - 16
        part = drawing.box(x, y - high / 2, 120, high, name, colour, link=f"{page}.html")
        drawing.arrow(below, part.bottom())
        drawing.dot(x, branch)
        self.places.append(part)
        add = drawing.plus(x, part.top()[1] - 25)
        drawing.arrow(part.top(), add.bottom())
        out = x + self.side * 68
        drawing.arrow((x, branch), (out, branch), (out, add.y), (x + self.side * 9.5, add.y))
        self.top = add.top()[1]
        if not self.pre:
            norm = drawing.box(x, self.top - 27, 120, 22, "LayerNorm · 14", PINK,
                               link="14_block.html")  # fmt: skip
            drawing.arrow(add.top(), norm.bottom())
            self.top = norm.top()[1]
