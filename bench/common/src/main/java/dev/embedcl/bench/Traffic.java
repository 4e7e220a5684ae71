package dev.embedcl.bench;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Counts bytes, beside JMH's own count of calls. */
@AuxCounters(AuxCounters.Type.OPERATIONS)
@State(Scope.Thread)
public class Traffic {

  /** Bytes read plus bytes written, divided by 10⁹. */
  public double gigabytesMoved;

  /** Starts every iteration from nothing. */
  @Setup(Level.Iteration)
  public void reset() {
    gigabytesMoved = 0;
  }

  /** Counts one call's bytes. */
  public void add(long bytes) {
    gigabytesMoved += 1e-9 * bytes;
  }
}
