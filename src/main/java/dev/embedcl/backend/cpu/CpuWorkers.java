package dev.embedcl.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs a task's chunks on the calling thread and on worker threads that wait between calls.
 *
 * <p>Threads take chunks one by one until none is left. The caller takes part, and waits only for
 * chunks that somebody else has taken: when no worker wakes up in time it does everything itself,
 * and nothing is lost. Small work is not offered to others at all. A call allocates nothing.
 *
 * <p>One call at a time: the backend's lock guards {@link #run}.
 */
final class CpuWorkers implements AutoCloseable {
  /** Bytes read and written from which on handing work to another thread pays: some 20 µs. */
  static final long PARALLEL_BYTES = 256 << 10;

  /**
   * Bytes read and written in a chunk, some 20 to 40 µs: small, so that a thread that was held up
   * does not hold up all at the end. With four chunks to a thread a forward pass took 7 to 15 %
   * longer.
   */
  private static final long CHUNK_BYTES = 512 << 10;

  private static final int MIN_CHUNKS_PER_THREAD = 4;
  private static final int MAX_CHUNKS = 1 << 16;

  /** How often to look for work, or for the end of it, before going to sleep. */
  private static final int SPINS = 500;

  /** A piece of work that can be done in chunks, in any order and at the same time. */
  interface Task {
    /**
     * Does one chunk.
     *
     * @param worker number of the thread, below {@link #threads()}; no two run at the same time
     * @param chunk number of the chunk
     */
    void run(int worker, int chunk);
  }

  private final int threads;
  private final long parallelBytes;
  private final Worker[] workers;

  /**
   * The number of the call in the upper half, how many of its chunks nobody has taken yet in the
   * lower. A thread that took a chunk by compare-and-set so knows that task and chunk count, read
   * before, belong to it: they change only when no chunk is left.
   */
  private final AtomicLong cursor = new AtomicLong();

  private final AtomicInteger unfinished = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile @Nullable Thread caller;
  private volatile boolean closed;
  private @Nullable Task task;
  private int chunks;
  private boolean started;

  /**
   * Creates the threads, which start with the first work for them.
   *
   * @param parallelBytes bytes read and written from which on work is shared
   */
  CpuWorkers(int threads, long parallelBytes) {
    this.threads = threads;
    this.parallelBytes = parallelBytes;
    this.workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
    }
  }

  int threads() {
    return threads;
  }

  /**
   * Returns into how many chunks to cut a piece of work.
   *
   * @param bytes how much memory the work reads and writes
   * @param units into how many parts it can be cut
   */
  int chunksFor(long bytes, long units) {
    if (threads == 1 || bytes < parallelBytes) {
      return 1;
    }
    int chunks = Math.clamp(bytes / CHUNK_BYTES, MIN_CHUNKS_PER_THREAD * threads, MAX_CHUNKS);
    return Math.clamp(units, 1, chunks);
  }

  /** Returns where a chunk begins when {@code total} units are cut evenly into {@code chunks}. */
  static long share(long total, int chunk, int chunks) {
    return total / chunks * chunk + total % chunks * chunk / chunks;
  }

  /** Runs chunks 0 to {@code chunks - 1} and returns when all are done. */
  void run(Task task, int chunks) {
    if (chunks == 1) {
      task.run(0, 0);
      return;
    }
    if (!started) {
      started = true;
      for (Worker worker : workers) {
        worker.start();
      }
    }
    this.task = task;
    this.chunks = chunks;
    caller = Thread.currentThread();
    unfinished.set(chunks);
    cursor.set((((cursor.get() >>> 32) + 1) << 32) | chunks);
    for (int i = 0; i < workers.length && i < chunks - 1; i++) {
      workers[i].wake();
    }
    takeChunks(0);
    awaitOthers();
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }

  /** Ends the threads; they finish the chunk they are at. */
  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
  }

  private void takeChunks(int worker) {
    while (true) {
      long seen = cursor.get();
      int left = (int) seen;
      if (left == 0) {
        return;
      }
      Task current = task;
      int chunk = chunks - left;
      if (current == null || !cursor.compareAndSet(seen, seen - 1)) {
        continue;
      }
      try {
        current.run(worker, chunk);
      } catch (Throwable e) { // handed to the caller, who throws it
        failure.compareAndSet(null, e);
      }
      if (unfinished.decrementAndGet() == 0 && worker != 0) {
        LockSupport.unpark(caller);
      }
    }
  }

  private void awaitOthers() {
    for (int spin = 0; unfinished.get() > 0; spin++) {
      if (spin < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
      }
    }
  }

  private final class Worker extends Thread {
    private final int number;
    private volatile boolean asleep;

    Worker(int number) {
      super("embedcl-cpu-" + number);
      this.number = number;
      setDaemon(true);
    }

    void wake() {
      if (asleep) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      int spin = 0;
      while (!closed) {
        if ((int) cursor.get() > 0) {
          takeChunks(number);
          spin = 0;
        } else if (spin++ < SPINS) {
          Thread.onSpinWait();
        } else {
          sleep();
        }
      }
    }

    private void sleep() {
      asleep = true;
      // Looked at again after saying so: a caller either sees the word or is seen.
      while ((int) cursor.get() == 0 && !closed) {
        LockSupport.park(CpuWorkers.this);
      }
      asleep = false;
    }
  }
}
