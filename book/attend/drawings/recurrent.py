"""Networks that read one word after the other."""

from attend import checks
from attend.drawings.pen import BLUE, GREEN, ORANGE, Drawing, text_width, towards

__all__ = [
    "encoder_decoder",
    "encoder_decoder_attention",
    "gru",
    "lstm",
    "rnn",
    "sequences",
]


def sequences() -> Drawing:
    """What a recurrent network can map to what: one to one, one to many, many to one, many to many
    in step, and many to many after all has been read. Taught in chapter 07."""
    drawing = Drawing(
        340,
        462,
        "What a recurrent network can map to what",
        "Five small networks. Each has inputs at the bottom, states in the middle and answers at "
        "the top; states are joined from left to right. One to one: one input, one state, one "
        "answer, a picture and its kind. One to many: one input, three states, three answers, a "
        "picture and its caption. Many to one: three inputs, three states, an answer from the last "
        "state, a sentence and its mood. Many to many, in step: each of three inputs has its own "
        "answer, words and their kinds. Many to many, read first: three inputs go into the first "
        "three states, and three further states give three answers, a sentence and its "
        "translation.",
    )
    shapes = [  # middle, top, name, example, steps, inputs at, answers at
        (74, 0, "one to one", "a picture → its kind", 1, [0], [0]),
        (252, 0, "one to many", "a picture → a caption", 3, [0], [0, 1, 2]),
        (74, 156, "many to one", "a sentence → its mood", 3, [0, 1, 2], [2]),
        (252, 156, "many to many, in step", "words → their kinds", 3, [0, 1, 2], [0, 1, 2]),
        (170, 312, "many to many, read first", "a sentence → its translation", 6, [0, 1, 2],
         [3, 4, 5]),
    ]  # fmt: skip
    for middle, top, name, example, steps, inputs, answers in shapes:
        drawing.label(middle, top + 12, name, bold=True)
        last = None
        for step in range(steps):
            x = middle + (step - (steps - 1) / 2) * 44
            state = drawing.box(x, top + 75, 26, 20, "", BLUE, tint=0.25)
            if step in answers:
                answer = drawing.box(x, top + 36, 26, 20, "", ORANGE, tint=0.25)
                drawing.arrow(state.top(), answer.bottom())
            if step in inputs:
                word = drawing.box(x, top + 114, 26, 20)
                drawing.arrow(word.top(), state.bottom())
            if last:
                drawing.arrow(last.right(), state.left())
            last = state
        drawing.label(middle, top + 139, example)
    return drawing


def rnn() -> Drawing:
    """A recurrent cell, and the same cell unrolled over three steps. Taught in chapter 07."""
    drawing = Drawing(
        340,
        226,
        "A recurrent network, folded and unrolled",
        "On the left one cell, a tanh: it reads the word x t through W x h and its own state of "
        "the step before through W h h, a loop; the answer y t is read off through W h y. On the "
        "right the same cell at steps 1, 2 and 3: each hands its state h on to the next, beginning "
        "with h 0, reads its own word x and gives its own answer y. The three matrices are the "
        "same in every step.",
    )
    cell = drawing.box(40, 98, 44, 36, "tanh", BLUE)
    drawing.arrow((40, 168), cell.bottom())
    drawing.arrow(cell.top(), (40, 34))
    drawing.arrow(cell.right(-9), (84, 89), (84, 107), cell.right(9))
    drawing.label(40, 180, "$x_t$")
    drawing.label(40, 20, "$y_t$")
    drawing.label(34, 144, "$W_{xh}$", anchor="end")
    drawing.label(34, 56, "$W_{hy}$", anchor="end")
    drawing.label(86, 76, "$W_{hh}$")
    drawing.label(54, 210, "one cell, folded", faint=True)
    drawing.label(116, 98, "$h_0$")
    x, end = 162, (126, 98)
    for step in (1, 2, 3):
        cell = drawing.box(x, 98, 32, 36, "", BLUE)
        drawing.arrow(end, cell.left())
        drawing.arrow((x, 168), cell.bottom())
        drawing.arrow(cell.top(), (x, 34))
        drawing.label(x, 180, f"$x_{step}$")
        drawing.label(x, 20, f"$y_{step}$")
        drawing.label(x + 31, 83, f"$h_{step}$")
        x, end = x + 64, cell.right()
    drawing.arrow(end, (338, 98))
    drawing.label(226, 210, "the same cell, unrolled", faint=True)
    return drawing


def lstm() -> Drawing:
    """One step of an LSTM, with its gates f, i, o, its candidate g and its cell c. Taught in
    chapter 08."""
    drawing = Drawing(
        340,
        336,
        "One step of an LSTM",
        "The cell c runs along the top from the step before to the next. It is first multiplied by "
        "the forget gate f; then the product of input gate i and candidate g is added. No matrix "
        "and no tanh stands on this way. Below, the word x t and the state h t minus 1 go together "
        "into four small networks: three sigmoids, the gates f, i and o, and a tanh, the candidate "
        "g. The new state h t is the new cell through a tanh, multiplied by the output gate o.",
    )
    top, low, bus = 48, 176, 228
    drawing.frame(36, 12, 308, 254)
    forget, add = drawing.times(86, top, ORANGE), drawing.plus(166, top, GREEN)
    drawing.line((0, top), forget.left(), colour=BLUE, width=3)
    drawing.line(forget.right(), add.left(), colour=BLUE, width=3)
    drawing.arrow(add.right(), (338, top), colour=BLUE, width=3)
    drawing.label(17, top - 14, "$c_{t−1}$")
    drawing.label(325, top - 14, "$c_t$")
    drawing.line((0, bus), (256, bus))
    drawing.label(17, bus - 14, "$h_{t−1}$")
    drawing.line((56, 290), (56, bus))
    drawing.dot(56, bus)
    drawing.label(56, 304, "$x_t$")
    gates = {}
    for x, text, colour in ((86, "σ", ORANGE), (138, "σ", ORANGE), (194, "tanh", GREEN),
                            (256, "σ", ORANGE)):  # fmt: skip
        gates[x] = drawing.box(x, low, 40, 28, f"${text}$" if text == "σ" else text, colour)
        drawing.arrow((x, bus), gates[x].bottom())
        if x != 256:
            drawing.dot(x, bus)
    product = drawing.times(166, 110, GREEN)
    drawing.arrow(gates[86].top(), forget.bottom())
    drawing.arrow(gates[138].top(), (138, 110), product.left())
    drawing.arrow(gates[194].top(), (194, 110), product.right())
    drawing.arrow(product.top(), add.bottom())
    squash = drawing.box(284, 82, 40, 24, "tanh")
    shown = drawing.times(284, 130, ORANGE)
    drawing.dot(284, top, colour=BLUE)
    drawing.arrow((284, top), squash.top())
    drawing.arrow(squash.bottom(), shown.top())
    drawing.arrow(gates[256].top(), (256, 130), shown.left())
    drawing.arrow(shown.bottom(), (284, bus), (338, bus))
    drawing.label(326, bus - 14, "$h_t$")
    drawing.label(92, 138, "$f_t$", anchor="start")
    drawing.label(132, 138, "$i_t$", anchor="end")
    drawing.label(200, 138, "$g_t$", anchor="start")
    drawing.label(250, 146, "$o_t$", anchor="end")
    drawing.label(120, 296, "$f_t$ forget gate\n$g_t$ candidate", anchor="start")
    drawing.label(230, 296, "$i_t$ input gate\n$o_t$ output gate", anchor="start")
    return drawing


def gru() -> Drawing:
    """One step of a GRU, with its gates r and z and its candidate n. Taught in chapter 08."""
    drawing = Drawing(
        340,
        330,
        "One step of a GRU",
        "The state h runs along the top from the step before to the next. It is multiplied by the "
        "update gate z; then the candidate n, multiplied by one minus z, is added. The candidate "
        "is a tanh of two things: of the word x t, and of the state before times a matrix U n, "
        "multiplied by the reset gate r. Both gates are sigmoids of the word and of the state "
        "before.",
    )
    top, row, bus = 48, 144, 234
    drawing.frame(36, 12, 308, 258)
    keep, add = drawing.times(252, top, ORANGE), drawing.plus(290, top, GREEN)
    drawing.line((0, top), keep.left(), colour=BLUE, width=3)
    drawing.line(keep.right(), add.left(), colour=BLUE, width=3)
    drawing.arrow(add.right(), (338, top), colour=BLUE, width=3)
    drawing.label(17, top - 14, "$h_{t−1}$")
    drawing.label(328, top - 14, "$h_t$")
    matrix = drawing.box(104, 90, 40, 26, "$U_n$")
    reset = drawing.times(104, row, ORANGE)
    gate_r = drawing.box(104, 194, 40, 28, "$σ$", ORANGE)
    candidate = drawing.box(160, row, 44, 28, "tanh", GREEN)
    gate_z = drawing.box(208, 82, 40, 28, "$σ$", ORANGE)
    share = drawing.circle(252, 112, 11, "1−", ORANGE, size=12)
    write = drawing.times(252, row, ORANGE)
    for x in (54, 104, 208):
        drawing.dot(x, top, colour=BLUE)
    drawing.arrow((54, top), (54, 194), gate_r.left())
    drawing.arrow((104, top), matrix.top())
    drawing.arrow(matrix.bottom(), reset.top())
    drawing.arrow(gate_r.top(), reset.bottom())
    drawing.arrow(reset.right(), candidate.left())
    drawing.arrow((208, top), gate_z.top())
    drawing.arrow((160, 288), candidate.bottom())
    drawing.dot(160, bus)
    drawing.arrow((160, bus), (104, bus), gate_r.bottom())
    drawing.arrow((160, bus), (208, bus), gate_z.bottom())
    drawing.arrow(candidate.right(), write.left(), over=[208])
    drawing.line(gate_z.right(), (252, 82))
    drawing.arrow((252, 82), keep.bottom())
    drawing.dot(252, 82)
    drawing.arrow((252, 82), share.top())
    drawing.arrow(share.bottom(), write.top())
    drawing.arrow(write.right(), (290, row), add.bottom())
    drawing.label(160, 302, "$x_t$")
    drawing.label(110, 168, "$r_t$", anchor="start")
    drawing.label(240, 70, "$z_t$")
    drawing.label(192, row - 12, "$n_t$")
    drawing.label(12, 296, "$r_t$ reset gate\n$z_t$ update gate", anchor="start")
    drawing.label(200, 287, "$n_t$ candidate", anchor="start")
    drawing.times(209, 307, ORANGE)
    drawing.label(223, 307, "multiply", anchor="start")
    return drawing


def encoder_decoder() -> Drawing:
    """Encoder, context, decoder: all that the decoder knows of the source is one vector. Taught in
    chapter 09."""
    drawing = Drawing(
        340,
        366,
        "Encoder, context, decoder",
        "At the top the encoder: three Chinese words, I, drink, tea, go into states h 1, h 2 and "
        "h 3, which are joined in both directions. From the states comes one vector, the context "
        "c. It is the first state of the decoder, and goes into each of its states s 1 to s 4. "
        "Each state writes one word, I, drink, tea, end of sentence, and each word written goes "
        "into the next state; before the first there is the beginning of the sentence.",
    )
    drawing.frame(36, 48, 304, 118)
    drawing.label(36, 132, "encoder", anchor="start", faint=True)
    last = None
    for state, words in enumerate(("我 I", "喝 drink", "茶 tea"), start=1):
        x = 90 * state - 10
        place = drawing.box(x, 92, 42, 28, f"$h_{state}$", BLUE)
        drawing.label(x, 16, words, size=13)
        drawing.arrow((x, 28), place.top())
        if last:
            drawing.arrow(last.right(-5), place.left(-5), colour=BLUE)
            drawing.arrow(place.left(5), last.right(5), colour=BLUE)
        last = place
    context = drawing.box(170, 162, 130, 30, "context $c$", GREEN)
    drawing.label(244, 162, "$[B, D]$", anchor="start", size=12.5)
    drawing.arrow((170, 118), context.top(), colour=GREEN, width=3)
    bus, row, words = 204, 252, 318
    drawing.line(context.bottom(), (170, bus), colour=GREEN)
    drawing.frame(6, 190, 334, 340)
    last = None
    for step, word in enumerate(("I", "drink", "tea", "<eos>"), start=1):
        x = 72 + 78 * (step - 1)
        place = drawing.box(x, row, 42, 28, f"$s_{step}$", ORANGE)
        drawing.label(x, words, word)
        drawing.arrow(place.bottom(), (x, words - 10))
        drawing.arrow((x, bus), place.top(), colour=GREEN)
        if step < 4:
            drawing.dot(x, bus, colour=GREEN)
            way = (x + 39, words), (x + 39, row + 8), (x + 57, row + 8)
            drawing.arrow((x + text_width(word, 6.25) + 5, words), *way, dashed=True)
        if last:
            drawing.arrow(last.right(-7), place.left(-7), colour=ORANGE)
        last = place
    drawing.arrow((306, bus), (18, bus), (18, row - 7), (51, row - 7), colour=GREEN)
    drawing.label(30, words, "<bos>")
    drawing.arrow((30, words - 10), (30, row + 8), (51, row + 8), dashed=True)
    drawing.label(6, 354, "decoder, one word after the other", anchor="start", faint=True)
    return drawing


def encoder_decoder_attention(order: str = "before") -> Drawing:
    """One step of a decoder that looks at every state of the encoder, and weighs them anew for each
    word. order: "before", the state before the step asks (Bahdanau and others, 2015), or "after",
    the state after it (Luong and others, 2015). Taught in chapter 10."""
    checks.one_of("order", order, ("before", "after"))
    before = order == "before"
    asks = "s_{i−1}" if before else "s_i"
    way = (
        "The decoder's state before the step, s i minus 1, asks. The context c i and the last word "
        "go with it into the new state s i, from which word y i is read."
        if before
        else "The decoder first makes its step with the last word, from s i minus 1 to s i, and "
        "the new state asks. It and the context c i go into a layer, s tilde i, from which word "
        "y i is read."
    )
    drawing = Drawing(
        340,
        388,
        "One step of a decoder with attention, "
        + ("the state before the step asks" if before else "the state after the step asks"),
        "At the top the four states of the encoder, h 1 to h 4, each from one word of the source. "
        f"{way} A score for each state of the encoder goes through a softmax and becomes a weight, "
        "alpha i 1 to alpha i 4; the second is the largest here. The sum of the states by these "
        "weights is the context c i.",
    )
    xs, hub = (98, 164, 230, 296), (197, 218)
    drawing.label(8, 64, "encoder", anchor="start", faint=True)
    band = drawing.box(200, 128, 252, 28, "score, softmax", GREEN)
    total = drawing.circle(*hub, 16, "Σ", GREEN, size=17)
    last = None
    for j, (x, weight) in enumerate(zip(xs, (1.2, 5, 1.8, 1.2), strict=True), start=1):
        state = drawing.box(x, 64, 42, 28, f"$h_{j}$", BLUE)
        drawing.arrow((x, 28), state.top())
        drawing.label(x, 16, f"$x_{j}$")
        drawing.arrow(state.bottom(), (x, 114))
        if last:
            drawing.arrow(last.right(-5), state.left(-5), colour=BLUE)
            drawing.arrow(state.left(5), last.right(5), colour=BLUE)
        last = state
        side = -1 if x < hub[0] else 1
        start = (x, 142)
        drawing.line(start, towards(hub, start, 16), colour=GREEN, width=weight)
        anchor = "end" if side < 0 else "start"
        drawing.label(x + 4 * side, 157, f"$α_{{i{j}}}$", anchor=anchor)
    context = drawing.box(197, 268, 42, 28, "$c_i$", GREEN)
    drawing.arrow(total.bottom(), context.top(), colour=GREEN)
    asking = drawing.box(40, 322, 46, 28, f"${asks}$", ORANGE)
    drawing.arrow(asking.top(), (40, 128), band.left(), colour=ORANGE)
    drawing.label(48, 200, "query", anchor="start")
    if before:
        state = drawing.box(197, 322, 46, 28, "$s_i$", ORANGE)
        drawing.arrow((197, 364), state.bottom())
        drawing.label(197, 376, "$y_{i−1}$")
    else:
        state = drawing.box(197, 322, 46, 28, "$s̃_i$", ORANGE)
        drawing.arrow((30, 364), (30, 336))
        drawing.label(24, 376, "$s_{i−1}$")
        drawing.arrow((52, 364), (52, 336))
        drawing.label(62, 376, "$y_{i−1}$")
    drawing.arrow(context.bottom(), state.top(), colour=GREEN)
    drawing.arrow(asking.right(), state.left(), colour=ORANGE)
    drawing.arrow(state.right(), (278, 322))
    drawing.label(290, 322, "$y_i$")
    drawing.label(50, 292, "decoder", anchor="start", faint=True)
    return drawing
