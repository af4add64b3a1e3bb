"""Packed weights and rounded activations: the program YOUTU_PROGRAM with --weights auto, q8 and q4
against the NumPy statement of that arithmetic, and against itself where bits must be equal.
"""
import itertools

import numpy as np

from gguf_cases import make_case, rms_error
from hugging_face_folder import write_hugging_face
from logits_test import instruction_sets
from packed_numpy import multiply_rounded, multiply_rounded_twice, round_to_8_bits
from peers import youtu_eval
from random_model import SHAPES, make_model, random_tokens
from test_run import ProgramTest, report, run
from youtu_numpy import forward

# Types whose blocks are packed as they are, scales included.
KEPT_TYPES = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL")
# Types of which levels are kept and scales rounded to f16, and types that are rounded to 8 bits.
ROUNDED_TYPES = ("Q4_K", "Q5_K", "IQ4_XS", "Q6_K", "Q3_K", "Q2_K")
# A value that lies between two steps may be rounded either way by float32 and float64, so the two
# agree to a part of what the rounding itself costs, not to the last bits.
SHARE_OF_ROUNDING = 0.35
# Of the logits' size. These models are made so that every part matters, and magnify: rounding their
# weights to BF16 costs 0.011.
MOST_ROUNDING_COSTS = 0.08
COUNT = 24
ALL_LAYERS = 1024


class Packed(ProgramTest):
    def evaluate(self, model, tokens, *options, precise_layers=0):
        options += ("--precise-layers", str(precise_layers))
        return youtu_eval(self.program, model, tokens, self.folder, *options)

    def folder_model(self, name, count=COUNT, **arguments):
        shape = SHAPES[name]
        folder = self.folder / name
        weights = write_hugging_face(folder, make_model(shape), **arguments)
        return folder, random_tokens(shape, count), weights

    def check(self, label, shape, weights, tokens, logits):
        """`weights` are those that the program multiplies by."""
        exact = forward(shape, weights, tokens, "absorbed")
        rounded = forward(shape, weights, tokens, "absorbed", multiply_rounded)
        cost = rms_error(rounded, exact)
        error = rms_error(logits, rounded)
        report(label, error=error, cost_of_rounding=cost)
        self.assertLess(error, SHARE_OF_ROUNDING * cost, label)
        self.assertLess(cost, MOST_ROUNDING_COSTS, label)
        return cost

    def test_block_types_keep_their_values(self):
        for kind in KEPT_TYPES:
            case = make_case(self.folder, f"blocks_{kind}", SHAPES["blocks"], kind)
            with self.subTest(kind):
                logits = self.evaluate(
                    case.path, case.tokens, "--weights", "auto", "--attention", "absorbed"
                )
                self.check(kind, case.shape, case.weights, case.tokens, logits)

    def test_block_types_that_are_rounded_lose_little(self):
        for kind in ROUNDED_TYPES:
            case = make_case(self.folder, f"blocks_{kind}", SHAPES["blocks"], kind)
            with self.subTest(kind):
                logits = self.evaluate(case.path, case.tokens, "--weights", "auto")
                exact = case.reference()
                rounded = forward(
                    case.shape, case.weights, case.tokens, "absorbed", multiply_rounded
                )
                error = rms_error(logits, exact)
                report(kind, error=error, activations_alone=rms_error(rounded, exact))
                self.assertLess(error, 1.6 * rms_error(rounded, exact))

    def test_eight_bits_of_a_checkpoint(self):
        """kv_b_proj is left out: its halves are rounded along different axes."""
        folder, tokens, weights = self.folder_model("blocks")
        rounded = {
            name: values
            if values.ndim == 1 or name.endswith("kv_b_proj.weight")
            else round_to_8_bits(values)
            for name, values in weights.items()
        }
        options = ("--weights", "q8,kv_b=exact", "--attention", "absorbed")
        logits = self.evaluate(folder, tokens, *options)
        shape = SHAPES["blocks"]
        kv_b_heads = {
            (shape.kv_lora_rank, shape.qk_nope_head_dim),
            (shape.v_head_dim, shape.kv_lora_rank),
        }

        def multiply(x, weight):
            return x @ weight.T if weight.shape in kv_b_heads else multiply_rounded(x, weight)

        reference = forward(shape, rounded, tokens, "absorbed", multiply)
        cost = rms_error(reference, forward(shape, weights, tokens))
        error = rms_error(logits, reference)
        report("q8", error=error, cost=cost)
        self.assertLess(error, SHARE_OF_ROUNDING * cost)

    def test_precise_layers_round_what_rounding_left_over(self):
        """The head is no layer, so it stays as it is. What is left over twice depends on the last bits of
        F32, so NumPy says how large it is, and not what.
        """

        def multiply(x, weight):
            is_head = len(weight) == SHAPES["blocks"].vocab_size
            return x @ weight.T if is_head else multiply_rounded_twice(x, weight)

        for kind in ("Q4_0", "Q5_1", "Q8_0"):
            case = make_case(self.folder, f"precise_{kind}", SHAPES["blocks"], kind)
            exact = forward(case.shape, case.weights, case.tokens, "absorbed")
            rounded = forward(case.shape, case.weights, case.tokens, "absorbed", multiply)
            logits = [
                self.evaluate(
                    case.path,
                    case.tokens,
                    *("--weights", "auto,head=exact", "--attention", "absorbed"),
                    precise_layers=layers,
                )
                for layers in (0, 1, ALL_LAYERS)
            ]
            costs = [rms_error(each, exact) for each in logits]
            expected = rms_error(rounded, exact)
            with self.subTest(kind):
                report(f"{kind}, precise layers", costs=costs, expected=expected)
                self.assertLess(costs[2], 1.5 * expected)
                self.assertGreater(costs[2], expected / 1.5)
                self.assertLess(costs[2], 0.02 * costs[1])
                self.assertLess(costs[1], 0.5 * costs[0])

    def test_what_is_precise(self):
        """Where only one kind of weight is packed, what is left of its rounding says of how many layers
        it is precise.
        """
        folder, tokens, _ = self.folder_model("deep")
        num_layers = SHAPES["deep"].num_hidden_layers
        for kind, times in (("o", 0.5), ("gate", 1), ("down", 2)):

            def evaluate(layers, kind=kind):
                return self.evaluate(
                    folder, tokens, "--weights", f"exact,{kind}=q8", precise_layers=layers
                )

            whole = evaluate(ALL_LAYERS)
            costs = [rms_error(evaluate(layers), whole) for layers in range(2 * num_layers + 1)]
            report(f"only {kind} is packed", costs=costs)
            for layers, cost in enumerate(costs):
                with self.subTest(kind, precise_layers=layers):
                    if np.ceil(times * layers) >= num_layers:
                        self.assertEqual(cost, 0)
                    else:
                        self.assertGreater(cost, 1e-5)

    def test_what_forms_cost(self):
        """In their order, and each does something."""
        folder, tokens, weights = self.folder_model("blocks")
        exact = forward(SHAPES["blocks"], weights, tokens)
        costs = {}
        for form in ("exact", "bf16", "q8", "q8g128", "q4", "q4z", "q4g128"):
            costs[form] = rms_error(self.evaluate(folder, tokens, "--weights", form), exact)
        report("forms", **costs)
        self.assertLess(costs["exact"], 1e-5)
        self.assertLess(costs["bf16"], 0.03)
        self.assertLess(costs["q8"], MOST_ROUNDING_COSTS)
        self.assertLess(costs["q8g128"], costs["q4z"])
        self.assertLess(costs["q4"], costs["q4g128"])
        self.assertLess(costs["q4g128"], 0.6)

    def test_odd_shapes_in_every_form(self):
        """Rows that fill no group, heads that fill no panel."""
        for name, form in itertools.product(("odd", "direct_q", "deep"), ("q8", "q4", "q8g128z")):
            with self.subTest(name, form=form):
                folder, tokens, weights = self.folder_model(name)
                exact = forward(SHAPES[name], weights, tokens)
                error = rms_error(self.evaluate(folder, tokens, "--weights", form), exact)
                report(f"{name} {form}", error=error)
                self.assertLess(error, 0.6 if form == "q4" else MOST_ROUNDING_COSTS)
                self.assertGreater(error, 1e-4)

    def test_keys_are_expanded_with_packed_weights_too(self):
        """The two forms of attention multiply by weights that were rounded along different axes."""
        folder, tokens, weights = self.folder_model("blocks", count=203)
        exact = forward(SHAPES["blocks"], weights, tokens)
        errors = {}
        for attention, cache in itertools.product(("absorbed", "expanded"), ("f32", "int8")):
            logits = self.evaluate(
                folder, tokens, "--weights", "q8", "--attention", attention, "--cache", cache
            )
            errors[f"{attention} {cache}"] = rms_error(logits, exact)
        report("q8, 203 tokens", **errors)
        self.assertLess(max(errors.values()), 1.3 * min(errors.values()))
        self.assertLess(max(errors.values()), MOST_ROUNDING_COSTS)

    def test_chunks_threads_and_tables_change_no_bit(self):
        """All tables agree in the products; what differs between tables is the rest."""
        folder, tokens, _ = self.folder_model("blocks")
        for isa, form, attention, cache, precise in itertools.product(
            instruction_sets(), ("q4", "q8g64"), ("absorbed", "expanded"), ("bf16", "int8"), (0, 1)
        ):
            options = ("--weights", form, "--isa", isa, "--attention", attention, "--cache", cache)
            whole = self.evaluate(
                folder, tokens, *options, "--threads", "1", precise_layers=precise
            )
            for others in (
                ("--chunk", "1"),
                ("--chunk", "5"),
                ("--chunk", "13", "--threads", "2"),
                ("--threads", "3"),
            ):
                with self.subTest(options=options, others=others, precise_layers=precise):
                    logits = self.evaluate(
                        folder, tokens, *options, *others, precise_layers=precise
                    )
                    np.testing.assert_array_equal(logits, whole)


if __name__ == "__main__":
    run()
