package dev.embedcl.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link CpuWorkers}. */
final class CpuWorkersTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void everyChunkOfEveryCallIsRunOnce(int threads) {
    try (CpuWorkers workers = new CpuWorkers(threads, 0)) {
      for (int call = 0; call < 2000; call++) {
        int chunks = 1 + call % 29;
        AtomicIntegerArray runs = new AtomicIntegerArray(chunks);
        workers.run((worker, chunk) -> runs.incrementAndGet(chunk), chunks);
        for (int chunk = 0; chunk < chunks; chunk++) {
          assertThat(runs.get(chunk)).as("runs of chunk %d in call %d", chunk, call).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void noTwoThreadsHaveOneNumber() {
    try (CpuWorkers workers = new CpuWorkers(5, 0)) {
      AtomicIntegerArray busy = new AtomicIntegerArray(5);
      AtomicInteger clashes = new AtomicInteger();
      for (int call = 0; call < 300; call++) {
        workers.run(
            (worker, chunk) -> {
              clashes.addAndGet(busy.getAndIncrement(worker));
              Thread.onSpinWait();
              busy.decrementAndGet(worker);
            },
            20);
      }
      assertThat(clashes).hasValue(0);
    }
  }

  @Test
  void otherThreadsTakePart() {
    try (CpuWorkers workers = new CpuWorkers(3, 0)) {
      CountDownLatch allAtOnce = new CountDownLatch(3);
      ConcurrentHashMap<String, Boolean> names = new ConcurrentHashMap<>();
      workers.run(
          (worker, chunk) -> {
            names.put(Thread.currentThread().getName(), Thread.currentThread().isDaemon());
            allAtOnce.countDown();
            await(allAtOnce);
          },
          3);
      assertThat(names).hasSize(3).containsEntry("embedcl-cpu-1", true);
    }
  }

  @Test
  void sleepingThreadsAreWoken() throws InterruptedException {
    try (CpuWorkers workers = new CpuWorkers(2, 0)) {
      for (int i = 0; i < 20; i++) {
        CountDownLatch both = new CountDownLatch(2);
        workers.run(
            (worker, chunk) -> {
              both.countDown();
              await(both);
            },
            2);
        Thread.sleep(2);
      }
    }
  }

  @Test
  void failureOfAChunkReachesTheCallerAfterAllAreDone() {
    try (CpuWorkers workers = new CpuWorkers(3, 0)) {
      for (int failing = 0; failing < 9; failing++) {
        int bad = failing;
        AtomicInteger done = new AtomicInteger();
        assertThatIllegalStateException()
            .isThrownBy(() ->
                workers.run(
                    (worker, chunk) -> {
                      if (chunk == bad) {
                        throw new IllegalStateException("chunk " + chunk);
                      }
                      done.incrementAndGet();
                    },
                    9))
            .withMessage("chunk " + bad);
        assertThat(done).hasValue(8);
      }
      AtomicInteger done = new AtomicInteger();
      workers.run((worker, chunk) -> done.incrementAndGet(), 9);
      assertThat(done).hasValue(9);
    }
  }

  @Test
  void errorsReachTheCallerToo() {
    try (CpuWorkers workers = new CpuWorkers(2, 0)) {
      assertThatThrownBy(() ->
              workers.run(
                  (worker, chunk) -> {
                    throw new AssertionError("as thrown");
                  },
                  4))
          .isInstanceOf(AssertionError.class)
          .hasMessage("as thrown");
    }
  }

  @Test
  void smallWorkIsNotCut() {
    try (CpuWorkers workers = new CpuWorkers(4, 1000);
        CpuWorkers alone = new CpuWorkers(1, 0)) {
      assertThat(workers.chunksFor(999, 50)).isEqualTo(1);
      assertThat(workers.chunksFor(1000, 50)).isEqualTo(16);
      assertThat(workers.chunksFor(1000, 3)).isEqualTo(3);
      assertThat(workers.chunksFor(64 << 20, 1000)).as("of 512 KiB").isEqualTo(128);
      assertThat(workers.chunksFor(1000, 0)).isEqualTo(1);
      assertThat(alone.chunksFor(1L << 40, 50)).isEqualTo(1);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
