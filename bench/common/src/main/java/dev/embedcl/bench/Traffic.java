package dev.embedcl.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Counts bytes, beside JMH's own count of calls. */
@AuxCounters(AuxCounters.Type.OPERATIONS)
@State(Scope.Thread)
public class Traffic {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Bytes read plus bytes written, divided by 10⁹. */
  public double gigabytesMoved;

  /**
   * Bytes that all threads allocated on the Java heap. JMH's own {@code gc.alloc.rate.norm} counts
   * them too, and what the harness allocates around an iteration besides: some kilobytes, which few
   * calls of milliseconds do not hide.
   */
  public double heapBytes;

  private long heapBytesBefore;

  /** Starts every iteration from nothing. */
  @Setup(Level.Iteration)
  public void reset() {
    gigabytesMoved = 0;
    heapBytes = 0;
    heapBytesBefore = THREADS.getTotalThreadAllocatedBytes();
  }

  /** Counts one call's bytes. */
  public void add(long bytes) {
    gigabytesMoved += 1e-9 * bytes;
  }

  /** Counts what the iteration allocated. */
  @TearDown(Level.Iteration)
  public void countHeap() {
    heapBytes = THREADS.getTotalThreadAllocatedBytes() - heapBytesBefore;
  }
}
