package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Forward pass, then backward pass and SGD for a gradient that is given. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class StepBenchmark {

  /** No autograd: as SGD is linear, {@code index_add_} can write into the table itself. */
  @State(Scope.Benchmark)
  public static class ByHand extends Tensors {
    private Tensor weight;
    private Tensor positions;
    private Tensor output;
    private Tensor outputBySequence;
    private Tensor gradOutput;
    private Tensor gradBySequence;
    private Scalar factor;

    /** Checks one step. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      weight = weight(Contents.WEIGHT);
      positions = positions(Contents.POSITIONS);
      output = output();
      outputBySequence = bySequence(output);
      gradOutput = gradOutput();
      gradBySequence = bySequence(gradOutput);
      factor = new Scalar(-Inputs.LEARNING_RATE);
      step(0);
      requireOutput(output, 0);
      requireStep(weight, positions);
    }

    void step(int set) {
      torch.index_select_out(output, weight, 0, idTensors[set]);
      outputBySequence.add_(positions);
      weight.index_add_(0, idTensors[set], gradOutput, factor);
      try (Tensor sums = torch.sum(gradBySequence, 0)) {
        positions.add_(sums, factor);
      }
    }
  }

  /** What a training loop writes: {@code embedding}, {@code backward}, {@code SGD.step}. */
  @State(Scope.Benchmark)
  public abstract static class AutogradSgd extends Autograd {
    private SGD sgd;

    AutogradSgd(boolean sparse) {
      super(sparse);
    }

    @Override
    final void check() {
      TensorVector parameters = new TensorVector(weight, positions);
      sgd = new SGD(parameters, new SGDOptions(Inputs.LEARNING_RATE));
      try (Tensor output = step(0);
          Tensor values = output.detach()) {
        requireOutput(values, 0);
      }
      requireStep(weight, positions);
    }

    @Override
    final void optimize() {
      sgd.step().close();
      sgd.zero_grad();
    }
  }

  /** The token table's gradient is sparse. */
  @State(Scope.Benchmark)
  public static class Sparse extends AutogradSgd {

    /** Made by JMH. */
    public Sparse() {
      super(true);
    }
  }

  /** All gradients are dense, and fresh for each step, as {@code zero_grad} leaves none. */
  @State(Scope.Benchmark)
  public static class Dense extends AutogradSgd {

    /** Made by JMH. */
    public Dense() {
      super(false);
    }
  }

  /** {@code index_add_} with a factor, straight into the table. */
  @Benchmark
  public void byHandIndexAdd(ByHand calls, Traffic traffic) {
    calls.step(calls.next());
    traffic.add(calls.stepBytes());
  }

  /** Autograd with {@code sparse=True}. */
  @Benchmark
  public void autogradSparse(Sparse calls, Traffic traffic) {
    calls.step(calls.next()).close();
    traffic.add(calls.stepBytes());
  }

  /** Autograd with dense gradients. */
  @Benchmark
  public void autogradDense(Dense calls, Traffic traffic) {
    calls.step(calls.next()).close();
    traffic.add(calls.stepBytes());
  }
}
