package dev.embedcl.bench.ours;

import dev.embedcl.bench.Traffic;
import dev.embedcl.op.IndexGroups;
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

/** The grouping of ids by row, beside the backward pass that it is a part of. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class GroupingBenchmark {

  /** Ids alone. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    private final IndexGroups groups = new IndexGroups();

    /** Draws the ids; what their groups lead to is checked with the backward pass. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
    }

    IndexGroups group(int set) {
      return groups.rebuild(ids(set), count(), numEmbeddings);
    }
  }

  /** A backward pass into gradients that are there, with the grouping. */
  @Benchmark
  public void backward(BackwardBenchmark.Existing calls, Traffic traffic) {
    calls.addNext();
    traffic.add(calls.backwardBytes());
  }

  /** The grouping. */
  @Benchmark
  public IndexGroups grouping(Calls calls) {
    return calls.group(calls.next());
  }
}
