"""nn.EmbeddingBag with bags of one length: forward, backward, steps."""
import torch

from torch_bench import LEARNING_RATE, Bench, rowwise_adagrad
from torch_inputs import sum_of_bits


def bag(ids, weight, mode="sum", sparse=False):
    return torch.nn.functional.embedding_bag(ids, weight, mode=mode, sparse=sparse)


class Bags(Bench):
    def parts(self):
        return [self.time_forward, self.time_backward, self.time_steps, self.compare]

    def modes(self):
        return ("sum",) if self.narrow else ("sum", "mean", "max")

    def time_forward(self):
        weight = self.weight()

        def eager(mode):
            return lambda: lambda run: bag(self.ids_of(run), weight, mode)

        def compiled(compiler):
            function = compiler(bag)
            return lambda run: function(self.ids_of(run), weight)

        with torch.no_grad():
            for mode in self.modes():
                self.record(f"bag forward, {mode}", "eager", eager(mode))
            self.compiled("bag forward, sum", "torch.compile", compiled)

    def graphs(self, weight, sparse):
        """The forward passes of all batches, so that only the backward pass is timed."""
        return [bag(ids, weight, "sum", sparse) for ids in self.ids]

    def gradient(self, weight, graphs, run):
        return torch.autograd.grad(graphs[run % self.batches], weight, self.grad, retain_graph=True)[0]

    def time_backward(self):
        if self.narrow:
            return

        def backward(sparse, coalesce):
            def maker():
                weight = self.weight()
                graphs = self.graphs(weight, sparse)

                def call(run):
                    gradient = self.gradient(weight, graphs, run)
                    return gradient.coalesce() if coalesce else gradient

                return call

            return maker

        self.record("bag gradient", "sparse gradient, coalesced", backward(True, True))
        self.record("bag gradient", "sparse gradient, not yet added up", backward(True, False))
        self.record("bag gradient", "dense gradient", backward(False, False))

    def time_steps(self):
        def stepping(sparse, make):
            def maker():
                weight = self.weight()
                graphs = self.graphs(weight, sparse)
                step = make(weight)

                def call(run):
                    weight.grad = self.gradient(weight, graphs, run)
                    step(weight)

                return call

            return maker

        def sgd(weight):
            made = torch.optim.SGD([weight], lr=LEARNING_RATE)

            return lambda w: made.step()

        def by_hand(weight):
            state = torch.zeros(self.rows, device=self.device)
            return lambda w: rowwise_adagrad(w, state, w.grad)

        self.record("bag sgd", "sparse gradient + SGD", stepping(True, sgd))
        self.record("bag sgd", "dense gradient + SGD", stepping(False, sgd))
        if not self.narrow:
            self.record("bag row-wise adagrad", "sparse gradient, by hand", stepping(True, by_hand))

    def compare(self):
        """Samples of the same operations in the report's order, the updates one after the other on one table."""
        weight = self.weight()
        n, rows = self.sampled()
        with torch.no_grad():
            for mode in self.modes():
                out = bag(self.ids[0], weight, mode)
                self.samples[f"bag forward, {mode}"] = self.picked(out, n // self.seq)
                if mode == "sum":
                    self.forward_sum = sum_of_bits(out)
        gradient = self.gradient(weight, [bag(self.ids[0], weight, "sum", True)], 0).coalesce()
        if not self.narrow:
            self.samples["bag gradient, coalesced"] = self.picked_sparse(gradient)
        weight.grad = gradient
        torch.optim.SGD([weight], lr=LEARNING_RATE).step()
        self.samples["bag sgd step, fused"] = self.picked(weight, rows)
        if not self.narrow:
            rowwise_adagrad(weight, torch.zeros(self.rows, device=self.device), gradient)
            self.samples["bag row-wise adagrad step, fused"] = self.picked(weight, rows)
