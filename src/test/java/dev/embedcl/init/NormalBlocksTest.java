package dev.embedcl.init;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NormalBlocksTest {
  /** Several chunks for each of eight threads, and a last one that is not whole. */
  private static final int COUNT = 50 * NormalBlocks.CHUNK + 3 * BoxMuller.BLOCK;

  private static final float MEAN = 0.5f;
  private static final float STD = 3;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void valuesAreTheSameForAnyNumberOfThreads(int threads) {
    assertThat(fill(CpuCapability.AVX2, threads)).isEqualTo(blockAfterBlock(CpuCapability.AVX2));
  }

  @ParameterizedTest
  @EnumSource(CpuCapability.class)
  void valuesAreTheSameForEachArithmetic(CpuCapability capability) {
    assertThat(fill(capability, 3)).isEqualTo(blockAfterBlock(capability));
  }

  @Test
  void aPoolBusyWithOtherWorkIsNotWaitedFor() throws InterruptedException {
    ForkJoinPool pool = ForkJoinPool.commonPool();
    int workers = Math.max(1, ForkJoinPool.getCommonPoolParallelism());
    CountDownLatch busy = new CountDownLatch(workers);
    CountDownLatch filled = new CountDownLatch(1);
    for (int i = 0; i < workers; i++) {
      pool.execute(() -> {
        busy.countDown();
        try {
          filled.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      });
    }
    try {
      busy.await();
      assertThat(fill(CpuCapability.AVX2, 3)).isEqualTo(blockAfterBlock(CpuCapability.AVX2));
    } finally {
      filled.countDown();
    }
  }

  @Test
  void theStreamGoesOnAfterWhatWasDrawn() {
    MersenneTwister twister = seeded();
    fill(twister, CpuCapability.AVX2, 3);
    MersenneTwister reference = seeded();
    for (int i = 0; i < COUNT; i++) {
      reference.nextInt();
    }
    assertThat(twister.nextInt()).isEqualTo(reference.nextInt());
  }

  /** Memory that no other thread than the caller may touch. */
  private static float[] fill(CpuCapability capability, int threads) {
    return fill(seeded(), capability, threads);
  }

  private static float[] fill(MersenneTwister twister, CpuCapability capability, int threads) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate((long) COUNT * Float.BYTES, Float.BYTES);
      new NormalBlocks(twister, capability, threads).fill(target, MEAN, STD);
      return target.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private static float[] blockAfterBlock(CpuCapability capability) {
    MersenneTwister twister = seeded();
    BoxMuller boxMuller = BoxMuller.of(capability);
    float[] all = new float[COUNT];
    float[] block = new float[BoxMuller.BLOCK];
    for (int first = 0; first < COUNT; first += block.length) {
      twister.fillUniform(block, block.length);
      boxMuller.transform(block, block.length);
      capability.scale(block, block.length, STD, MEAN);
      System.arraycopy(block, 0, all, first, block.length);
    }
    return all;
  }

  private static MersenneTwister seeded() {
    MersenneTwister twister = new MersenneTwister();
    twister.seed(7);
    return twister;
  }
}
