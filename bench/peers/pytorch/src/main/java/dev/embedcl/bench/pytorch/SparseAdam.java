package dev.embedcl.bench.pytorch;

import static dev.embedcl.bench.AdamReference.BETA1;
import static dev.embedcl.bench.AdamReference.BETA2;
import static dev.embedcl.bench.AdamReference.EPS;

import dev.embedcl.bench.AdamReference;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Adam on the touched rows of one table, which the C++ library lacks, in its tensor operations:
 * those of {@code torch.optim.SparseAdam} in their order, and ones that need less memory.
 */
final class SparseAdam {
  private static final Scalar SQUARE = new Scalar(2.0);
  private static final Scalar KEEP2 = new Scalar(BETA2);
  private static final Scalar GAIN1 = new Scalar(1 - BETA1);
  private static final Scalar GAIN2 = new Scalar(1 - BETA2);
  private static final Scalar SMALL = new Scalar(EPS);

  private final Tensor weight;
  private final Tensor first;
  private final Tensor second;
  private long step;

  /** Makes both moments. The weight must not be one that autograd records. */
  SparseAdam(Tensor weight) {
    this.weight = weight;
    this.first = torch.zeros_like(weight);
    this.second = torch.zeros_like(weight);
  }

  /** A step of {@code torch.optim.SparseAdam} with a coalesced gradient. */
  void sparseMask(Tensor gradient) {
    try (Tensor rows = gradient._indices();
        Tensor values = gradient._values();
        Tensor masked1 = first.sparse_mask(gradient);
        Tensor old1 = masked1._values();
        Tensor change1 = values.sub(old1).mul_(GAIN1);
        Tensor masked2 = second.sparse_mask(gradient);
        Tensor old2 = masked2._values();
        Tensor change2 = values.pow(SQUARE).sub_(old2).mul_(GAIN2)) {
      addSparse(first, rows, change1);
      addSparse(second, rows, change2);
      Tensor numerator = change1.add_(old1);
      Tensor denominator = change2.add_(old2).sqrt_().add_(SMALL);
      try (Scalar rate = nextRate()) {
        addSparse(weight, rows, numerator.div_(denominator).mul_(rate));
      }
    }
  }

  /** The same with rows taken out and put back. */
  void indexSelect(Tensor gradient) {
    try (Tensor indices = gradient._indices();
        Tensor rows = indices.view(-1);
        Tensor values = gradient._values();
        Tensor first = this.first.index_select(0, rows);
        Tensor second = this.second.index_select(0, rows);
        Scalar rate = nextRate()) {
      move(first, second, values);
      this.first.index_copy_(0, rows, first);
      this.second.index_copy_(0, rows, second);
      weight.index_add_(0, rows, first.div_(second.sqrt_().add_(SMALL)), rate);
    }
  }

  /** The same where all rows are touched. */
  void dense(Tensor gradient) {
    move(first, second, gradient);
    try (Tensor denominator = second.sqrt();
        Scalar rate = nextRate()) {
      weight.addcdiv_(first, denominator.add_(SMALL), rate);
    }
  }

  private static void move(Tensor first, Tensor second, Tensor gradient) {
    first.lerp_(gradient, GAIN1);
    second.mul_(KEEP2).addcmul_(gradient, gradient, GAIN2);
  }

  private static void addSparse(Tensor table, Tensor rows, Tensor values) {
    try (Tensor sparse = torch.torch__sparse_coo_tensor_unsafe(rows, values, table.sizes())) {
      table.add_(sparse);
    }
  }

  private Scalar nextRate() {
    step++;
    return new Scalar(-AdamReference.rate(step));
  }
}
