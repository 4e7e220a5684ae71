package dev.embedcl.bench.tensorflow;

import dev.embedcl.bench.Contents;
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
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/** Forward pass. TensorFlow has no way to write into memory that is there. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ForwardBenchmark {

  /** Gather, then add. */
  @State(Scope.Benchmark)
  public static class Calls extends Graphs {
    private Operand<TFloat32> output;

    /** Checks each set. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      Operand<? extends TType> weight = weight(Contents.WEIGHT);
      Operand<? extends TType> positions = positions(Contents.POSITIONS);
      output =
          tf.math.add(
              tf.resourceGather(weight, indices, TFloat32.class),
              tf.readVariableOp(positions, TFloat32.class));
      for (int set = 0; set < sets(); set++) {
        try (Result result = run(set)) {
          reference().requireOutput(floats(result.get(0)), set);
        }
      }
    }

    Result run(int set) {
      return session.runner().feed(indices, idTensors[set]).fetch(output).run();
    }
  }

  /** {@code ResourceGather} and {@code Add}. */
  @Benchmark
  public void freshGather(Calls calls, Traffic traffic) {
    calls.run(calls.next()).close();
    traffic.add(calls.forwardBytes());
  }
}
