"""nn.Embedding and a positional table: forward, backward, steps."""
import torch

from torch_bench import BETAS, EPS, LEARNING_RATE, Bench, rowwise_adagrad
from torch_inputs import POSITIONS_SEED, numbers, sum_of_bits


def looked_up(weight, position, ids):
    vectors = torch.nn.functional.embedding(ids, weight)
    return vectors if position is None else vectors + position


class Tokens(Bench):
    def position(self):
        if self.lookup != "positions":
            return None
        return torch.nn.Parameter(numbers(POSITIONS_SEED, self.seq, self.dim, self.device, self.dtype))

    def parts(self):
        return [self.time_forward, self.time_backward, self.time_steps, self.compare]

    def time_forward(self):
        weight, position = self.weight(), self.position()

        def eager():
            return lambda run: looked_up(weight, position, self.ids_of(run))

        def preallocated():
            out = torch.empty(self.count, self.dim, dtype=self.dtype, device=self.device)

            def call(run):
                torch.index_select(weight, 0, self.ids_of(run).view(-1), out=out)
                if position is not None:
                    out.view(self.batch, self.seq, self.dim).add_(position)

            return call

        def compiled(compiler):
            function = compiler(looked_up)
            return lambda run: function(weight, position, self.ids_of(run))

        with torch.no_grad():
            self.record("forward", "eager", eager)
            self.record("forward", "index_select into a result + add_", preallocated)
            self.compiled("forward", "torch.compile", compiled)

    def dense(self, ids):
        grad = self.grad.view(self.batch, self.seq, self.dim)
        return torch.ops.aten.embedding_dense_backward(grad, ids, self.rows, -1, False)

    def sparse(self, ids):
        return torch.sparse_coo_tensor(ids.view(1, -1), self.grad, (self.rows, self.dim))

    def of_positions(self):
        return self.grad.view(self.batch, self.seq, self.dim).sum(0) if self.lookup == "positions" else None

    def time_backward(self):
        """The backward pass alone: the operations that autograd would call, with the gradient of the result given."""
        if self.narrow:
            return
        self.record(
            "backward, dense", "eager", lambda: lambda run: (self.dense(self.ids_of(run)), self.of_positions())
        )
        self.record(
            "backward, sparse",
            "sparse gradient, coalesced",
            lambda: lambda run: self.sparse(self.ids_of(run)).coalesce(),
        )

        def compiled(compiler):
            function = compiler(lambda ids: (self.dense(ids), self.of_positions()))
            return lambda run: function(self.ids_of(run))

        self.compiled("backward, dense", "torch.compile", compiled)

    def stepping(self, sparse, make):
        """Backward and step of both tables, as a training loop has them; the positions' step is SGD."""

        def maker():
            weight, position = self.weight(), self.position()
            step = make(weight)
            rest = None if position is None else torch.optim.SGD([position], lr=LEARNING_RATE)

            def call(run):
                ids = self.ids_of(run)
                weight.grad = self.sparse(ids) if sparse else self.dense(ids)
                step(weight)
                if rest is not None:
                    position.grad = self.of_positions()
                    rest.step()

            return call

        return maker

    def time_steps(self):
        optim = torch.optim

        def of(optimizer, **options):
            def make(weight):
                made = optimizer([weight], lr=LEARNING_RATE, **options)
                return lambda w: made.step()

            return make

        def by_hand(weight):
            state = torch.zeros(self.rows, device=self.device)
            return lambda w: rowwise_adagrad(w, state, w.grad)

        ways = [
            ("sgd", "dense gradient + SGD", False, of(optim.SGD)),
            ("sgd", "sparse gradient + SGD", True, of(optim.SGD)),
        ]
        if not self.narrow:
            ways.append(("sparse adam", "sparse gradient + SparseAdam", True, of(optim.SparseAdam, eps=EPS)))
        if not self.narrow and not self.tiny:
            ways += [
                ("adam, dense", "dense gradient + fused Adam", False, of(optim.Adam, eps=EPS, fused=True)),
                ("adam, dense", "dense gradient + Adam", False, of(optim.Adam, eps=EPS)),
                ("adagrad", "sparse gradient + Adagrad", True, of(optim.Adagrad, eps=EPS)),
                ("adagrad", "dense gradient + Adagrad", False, of(optim.Adagrad, eps=EPS)),
                ("momentum", "dense gradient + SGD with momentum", False, of(optim.SGD, momentum=0.9)),
                ("row-wise adagrad", "sparse gradient, by hand", True, by_hand),
            ]
        for operation, variant, sparse, make in ways:
            self.record(operation, variant, self.stepping(sparse, make))

    def compare(self):
        """Samples of the same operations in the report's order, the updates one after the other on one table."""
        weight, position = self.weight(), self.position()
        n, rows = self.sampled()
        with torch.no_grad():
            out = looked_up(weight, position, self.ids[0]).view(self.count, self.dim)
        self.forward_sum = sum_of_bits(out)
        self.samples["forward"] = self.picked(out, n)
        del out
        dense, sparse = self.dense(self.ids[0]), self.sparse(self.ids[0])

        def stepped(title, optimizer, gradient):
            weight.grad = gradient
            optimizer.step()
            self.samples[title] = self.picked(weight, rows)

        optim, rate = torch.optim, LEARNING_RATE
        stepped("sgd step, fused", optim.SGD([weight], lr=rate), dense)
        if self.narrow or self.tiny:
            return
        self.samples["backward, deterministic"] = self.picked(dense, rows)
        self.samples["sparse gradient, coalesced"] = self.picked_sparse(sparse)
        stepped("momentum step, fused", optim.SGD([weight], lr=rate, momentum=0.9), dense)
        stepped("adagrad step, fused", optim.Adagrad([weight], lr=rate, eps=EPS), sparse)
        stepped("sparse adam step, fused", optim.SparseAdam([weight], lr=rate, betas=BETAS, eps=EPS), sparse)
        rowwise_adagrad(weight, torch.zeros(self.rows, device=self.device), sparse)
        self.samples["row-wise adagrad step, fused"] = self.picked(weight, rows)
        stepped("sgd step, dense", optim.SGD([weight], lr=rate), dense)
        adam = optim.Adam([weight], lr=rate, betas=BETAS, eps=EPS)
        stepped("clear all, backward, adam step, dense", adam, dense)
