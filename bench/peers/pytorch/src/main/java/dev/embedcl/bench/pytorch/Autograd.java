package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A training loop's step for a gradient that is given, with one optimizer or another. */
@State(Scope.Benchmark)
public abstract class Autograd extends Tensors {
  Tensor weight;
  Tensor positions;
  private final boolean sparse;
  private Tensor gradOutput;
  private BoolOptional keepGraph;
  private TensorArrayRefOptional allInputs;

  Autograd(boolean sparse) {
    this.sparse = sparse;
  }

  @Override
  final boolean inference() {
    return false;
  }

  /** Checks what steps do. */
  @Setup(Level.Trial)
  public final void prepare() {
    open();
    weight = weight(Contents.WEIGHT);
    positions = positions(Contents.POSITIONS);
    weight.requires_grad_(true);
    positions.requires_grad_(true);
    gradOutput = bySequence(gradOutput());
    keepGraph = new BoolOptional();
    allInputs = new TensorArrayRefOptional();
    check();
  }

  abstract void check();

  /** Changes both tables by their gradients, and drops these. */
  abstract void optimize();

  final Tensor step(int set) {
    Tensor output;
    try (Tensor rows = torch.embedding(weight, idTensors[set], -1, false, sparse);
        Tensor view = bySequence(rows)) {
      output = view.add(positions);
    }
    output.backward(gradOutput, keepGraph, false, allInputs);
    optimize();
    return output;
  }
}
