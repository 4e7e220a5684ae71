package dev.embedcl.init;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Normal floats in whole blocks of 16. The caller draws one chunk of uniform ones after the other,
 * as the stream has them; of a large fill, threads of the common pool transform them meanwhile. The
 * values do not depend on who does.
 *
 * <p>The first chunks of a process are short. While a method is not compiled yet, a loop in it that
 * runs long is compiled by itself, for that one run (on-stack replacement), and the method only
 * later: each stage would be compiled twice, and the values made meanwhile take many times as long.
 * Where the compiler sees calls rather than loops it compiles methods alone, which took a third off
 * the time of the first table.
 *
 * <p>For one thread at a time, as the generator.
 */
final class NormalBlocks {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Floats of a chunk: some 20 µs of work for one thread, in memory near to it. */
  static final int CHUNK = 1 << 13;

  /** Floats that are left from which on other threads are asked to help. */
  static final int PARALLEL = 12 * CHUNK;

  /** Chunks of one block at the beginning, not many more than the compiler counts calls up to. */
  private static final int FIRST_CHUNKS = 4000;

  /** Floats at the beginning; while they are made, the compiler needs a processor for itself. */
  private static final long FIRST_FLOATS = 1 << 23;

  // Of the process, as its compiler is. A thread that sees an old count does the same work in other
  // portions.
  private static int firstChunks;
  private static long firstFloats;

  private final MersenneTwister twister;
  private final CpuCapability capability;
  private final int threads;
  private @Nullable Chunk own;

  NormalBlocks(MersenneTwister twister, CpuCapability capability) {
    this(
        twister,
        capability,
        Math.min(
            Runtime.getRuntime().availableProcessors(),
            ForkJoinPool.getCommonPoolParallelism() + 1));
  }

  /** Creates the transform for so many threads, the caller's among them. */
  NormalBlocks(MersenneTwister twister, CpuCapability capability, int threads) {
    this.twister = twister;
    this.capability = capability;
    this.threads = threads;
  }

  /**
   * Fills with normal values of a mean and a standard deviation.
   *
   * @param target whole blocks of floats
   */
  void fill(MemorySegment target, float mean, float std) {
    long count = target.byteSize() / Float.BYTES;
    Chunk own = ownChunk();
    long done = 0;
    for (; done < count && firstChunks < FIRST_CHUNKS; firstChunks++) {
      done += own.draw(twister, done, BoxMuller.BLOCK, mean, std);
      own.transform();
      own.copyTo(target);
    }
    Chunk[] others = new Chunk[0];
    if (count - done >= PARALLEL) {
      // Two for each helper, so that it finds another when it has finished one.
      others = new Chunk[2 * helpers()];
      Arrays.setAll(others, i -> new Chunk(capability));
    }
    firstFloats = Math.min(FIRST_FLOATS, firstFloats + count);
    while (done < count) {
      boolean given = false;
      for (Chunk chunk : others) {
        // The caller alone touches the target, which may be its own and no other thread's.
        if (chunk.isDone()) {
          chunk.copyTo(target);
        }
        if (!given && chunk.isFree()) {
          done += chunk.draw(twister, done, count - done, mean, std);
          chunk.giveAway();
          given = true;
          if (done == count) {
            break;
          }
        }
      }
      if (!given) {
        // All helpers have enough to do.
        done += own.draw(twister, done, count - done, mean, std);
        own.transform();
        own.copyTo(target);
      }
    }
    for (Chunk chunk : others) {
      if (!chunk.isFree()) {
        chunk.finish();
        chunk.copyTo(target);
      }
    }
  }

  private Chunk ownChunk() {
    if (own == null) {
      own = new Chunk(capability);
    }
    return own;
  }

  /** How many threads may help the caller. */
  private int helpers() {
    int spared = firstFloats < FIRST_FLOATS ? 1 : 0;
    return Math.max(0, threads - 1 - spared);
  }

  /** Some values on their way from the stream to the target. */
  private static final class Chunk implements Runnable {
    private static final int FREE = 0;
    private static final int OFFERED = 1;
    private static final int TAKEN = 2;
    private static final int DONE = 3;
    private static final int FAILED = 4;

    private final float[] values = new float[CHUNK];
    private final CpuCapability capability;
    private final BoxMuller boxMuller;
    private final AtomicInteger state = new AtomicInteger(FREE);
    private long first;
    private int count;
    private float mean;
    private float std;

    Chunk(CpuCapability capability) {
      this.capability = capability;
      this.boxMuller = BoxMuller.of(capability);
    }

    /**
     * Draws uniform values.
     *
     * @param first which of the target's values the first will be
     * @param limit no more than so many
     * @return how many were drawn
     */
    int draw(MersenneTwister twister, long first, long limit, float mean, float std) {
      this.first = first;
      this.count = (int) Math.min(limit, CHUNK);
      this.mean = mean;
      this.std = std;
      twister.fillUniform(values, count);
      return count;
    }

    void transform() {
      boxMuller.transform(values, count);
      capability.scale(values, count, std, mean);
    }

    void copyTo(MemorySegment target) {
      MemorySegment.copy(values, 0, target, FLOAT, first * Float.BYTES, count);
      state.set(FREE);
    }

    boolean isFree() {
      return state.get() == FREE;
    }

    boolean isDone() {
      return state.get() == DONE;
    }

    /** Lets a thread of the common pool transform the values, if one gets to it. */
    void giveAway() {
      state.set(OFFERED);
      ForkJoinPool.commonPool().execute(this);
    }

    /** On a thread of the pool, unless somebody else came first. */
    @Override
    public void run() {
      if (state.compareAndSet(OFFERED, TAKEN)) {
        int end = FAILED;
        try {
          transform();
          end = DONE;
        } finally {
          state.set(end);
        }
      }
    }

    /** Transforms the values if nobody has begun to: the pool may be busy with longer work. */
    void finish() {
      run();
      while (state.get() == TAKEN) {
        Thread.onSpinWait();
      }
      if (state.get() == FAILED) {
        throw new IllegalStateException("a thread of the common pool failed; see its exception");
      }
    }
  }
}
