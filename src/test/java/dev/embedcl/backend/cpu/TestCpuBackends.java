package dev.embedcl.backend.cpu;

import dev.embedcl.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** The settings of the pure-Java backend under which every operation is tested. */
public final class TestCpuBackends {

  private TestCpuBackends() {}

  /**
   * Returns what {@code named} makes of a name and an opener, for each setting. With 7 threads even
   * the smallest work is handed to other threads; with 2 it is as it is for users.
   */
  public static <T> List<T> all(BiFunction<String, Supplier<Backend>, T> named) {
    List<T> all = new ArrayList<>();
    for (int threads : new int[] {1, 2, 7}) {
      for (boolean vectorized : new boolean[] {false, true}) {
        all.add(
            named.apply(
                "cpu, " + threads + " threads, " + (vectorized ? "vector" : "plain") + " loops",
                () -> open(threads, vectorized)));
      }
    }
    return all;
  }

  private static Backend open(int threads, boolean vectorized) {
    CpuBackendBuilder builder = CpuBackend.builder().threads(threads).vectorized(vectorized);
    return threads == 7 ? builder.parallelBytes(0).build() : builder.build();
  }
}
