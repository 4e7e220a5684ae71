package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorVector;
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

/** Sums of bags, then backward pass and SGD for a gradient that is given. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EmbeddingBagStepBenchmark {

  /** The table, and the gradient of the sums. */
  @State(Scope.Benchmark)
  public abstract static class Calls extends BagTensors {
    Tensor weight;
    Tensor gradSums;

    /** Checks one step. */
    @Setup(Level.Trial)
    public final void prepare() {
      openBags();
      weight = weight(Contents.WEIGHT);
      gradSums = gradSums();
      open(weight);
      try (T_TensorTensorTensorTensor_T result = step(0);
          Tensor sums = result.get0().detach()) {
        reference().requireBagSums(memory(sums), 0);
      }
      reference().requireBagStep(memory(weight), 0);
    }

    abstract void open(Tensor weight);

    abstract T_TensorTensorTensorTensor_T step(int set);
  }

  /** No autograd: as SGD is linear, {@code index_add_} can write into the table itself. */
  @State(Scope.Benchmark)
  public static class ByHand extends Calls {
    private Scalar factor;

    @Override
    final void open(Tensor weight) {
      factor = new Scalar(-Inputs.LEARNING_RATE);
    }

    @Override
    final T_TensorTensorTensorTensor_T step(int set) {
      T_TensorTensorTensorTensor_T sums = sum(weight, set, false);
      try (Tensor gradRows = gradRows(gradSums)) {
        weight.index_add_(0, idTensors[set], gradRows, factor);
      }
      return sums;
    }
  }

  /** What a training loop writes, with {@code sparse=True}. */
  @State(Scope.Benchmark)
  public static class Autograd extends Calls {
    private SGD sgd;
    private BoolOptional keepGraph;
    private TensorArrayRefOptional allInputs;

    @Override
    final boolean inference() {
      return false;
    }

    @Override
    final void open(Tensor weight) {
      weight.requires_grad_(true);
      sgd = new SGD(new TensorVector(weight), new SGDOptions(Inputs.LEARNING_RATE));
      keepGraph = new BoolOptional();
      allInputs = new TensorArrayRefOptional();
    }

    @Override
    final T_TensorTensorTensorTensor_T step(int set) {
      T_TensorTensorTensorTensor_T sums = sum(weight, set, true);
      sums.get0().backward(gradSums, keepGraph, false, allInputs);
      sgd.step().close();
      sgd.zero_grad();
      return sums;
    }
  }

  /** {@code index_add_} with a factor, straight into the table. */
  @Benchmark
  public void byHandIndexAdd(ByHand calls, Traffic traffic) {
    calls.step(calls.next()).close();
    traffic.add(calls.bagStepBytes());
  }

  /** Autograd with {@code sparse=True}. */
  @Benchmark
  public void autogradSparse(Autograd calls, Traffic traffic) {
    calls.step(calls.next()).close();
    traffic.add(calls.bagStepBytes());
  }
}
