package dev.embedcl.bench.tensorflow;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import java.util.concurrent.TimeUnit;
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
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/** Forward pass, then backward pass and SGD for a gradient that is given. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class StepBenchmark {

  /** One graph; the tables are updated when the output has been made. */
  @State(Scope.Benchmark)
  public static class Calls extends Graphs {
    private Operand<TFloat32> output;
    private Placeholder<TFloat32> gradOutput;
    private Tensor gradOutputTensor;
    private Op[] updates;

    /** Checks one step. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      gradOutput = gradOutput();
      gradOutputTensor = gradOutputTensor();
      Operand<? extends TType> weight = weight(Contents.WEIGHT);
      Operand<? extends TType> positions = positions(Contents.POSITIONS);
      output =
          tf.math.add(
              tf.resourceGather(weight, indices, TFloat32.class),
              tf.readVariableOp(positions, TFloat32.class));
      Ops after = tf.withControlDependencies(output);
      Operand<TFloat32> factor = tf.constant(Inputs.LEARNING_RATE);
      Operand<TFloat32> sums = tf.sum(gradOutput, tf.constant(0));
      updates =
          new Op[] {
            after.resourceScatterSub(weight, flatIndices(), tf.math.mul(rows(gradOutput), factor)),
            after.assignSubVariableOp(positions, tf.math.mul(sums, factor))
          };
      try (Result result = step(0)) {
        reference().requireOutput(floats(result.get(0)), 0);
      }
      reference().requireStep(read(weight), read(positions), 0);
    }

    Result step(int set) {
      return session
          .runner()
          .feed(indices, idTensors[set])
          .feed(gradOutput, gradOutputTensor)
          .addTarget(updates[0])
          .addTarget(updates[1])
          .fetch(output)
          .run();
    }
  }

  /** {@code ResourceScatterSub} of the gradient times the rate, straight into the table. */
  @Benchmark
  public void byHandScatterSub(Calls calls, Traffic traffic) {
    calls.step(calls.next()).close();
    traffic.add(calls.stepBytes());
  }
}
