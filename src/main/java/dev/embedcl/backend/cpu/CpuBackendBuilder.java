package dev.embedcl.backend.cpu;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.backend.DeviceType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Settings of a {@link CpuBackend}. */
public final class CpuBackendBuilder {
  /** The system property that gives the default number of threads. */
  public static final String THREADS_PROPERTY = "embedcl.cpu.threads";

  private static final int MAX_THREADS = 1024;
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private int threads;
  private boolean vectorized = vectorModulePresent();
  private long parallelBytes = CpuWorkers.PARALLEL_BYTES;

  CpuBackendBuilder() {}

  /**
   * Sets on how many threads large operations run, the caller's included. Default: the system
   * property {@value #THREADS_PROPERTY}, else the number of processors.
   *
   * @return this
   * @throws IllegalArgumentException if {@code threads} is not in [1, 1024]
   */
  public CpuBackendBuilder threads(int threads) {
    requireArgument(
        threads >= 1 && threads <= MAX_THREADS,
        "threads = %d is out of range [1, %d]",
        threads,
        MAX_THREADS);
    this.threads = threads;
    return this;
  }

  /**
   * Sets whether the loops use the Vector API. Default: whether its module is there.
   *
   * @return this
   * @throws IllegalArgumentException if {@code vectorized} and the module is not there
   */
  public CpuBackendBuilder vectorized(boolean vectorized) {
    requireArgument(
        !vectorized || vectorModulePresent(),
        "vectorized = true needs the module %s; start Java with --add-modules %s",
        VECTOR_MODULE,
        VECTOR_MODULE);
    this.vectorized = vectorized;
    return this;
  }

  /** Sets from how many bytes on work is shared among threads; 0 for tests of just that. */
  CpuBackendBuilder parallelBytes(long parallelBytes) {
    this.parallelBytes = parallelBytes;
    return this;
  }

  /**
   * Opens the backend, to be closed by the caller.
   *
   * @throws IllegalArgumentException if {@link #threads} was not called and the system property is
   *     set to something that is no number of threads
   */
  public CpuBackend build() {
    if (threads == 0) {
      threads = defaultThreads();
    }
    CpuMemory memory = new CpuMemory(CpuMemory.physicalBytes());
    RowKernels[] kernels = new RowKernels[threads];
    Arrays.setAll(kernels, i -> vectorized ? VectorLoops.kernels() : new PlainRowKernels());
    return new CpuBackend(
        new CpuWorkers(threads, parallelBytes),
        kernels,
        memory,
        deviceInfo(threads, vectorized, memory));
  }

  /** A class of its own, so that nothing of the Vector API is touched where its module is not. */
  private static final class VectorLoops {
    static RowKernels kernels() {
      return new VectorRowKernels();
    }
  }

  /** Returns what a backend with default settings will say of itself. */
  static DeviceInfo defaultDevice() {
    return deviceInfo(
        defaultThreads(), vectorModulePresent(), new CpuMemory(CpuMemory.physicalBytes()));
  }

  private static boolean vectorModulePresent() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }

  private static int defaultThreads() {
    String property = System.getProperty(THREADS_PROPERTY);
    if (property == null) {
      return Math.min(Runtime.getRuntime().availableProcessors(), MAX_THREADS);
    }
    int threads;
    try {
      threads = Integer.parseInt(property.strip());
    } catch (NumberFormatException e) {
      threads = 0; // no number of threads either
    }
    requireArgument(
        threads >= 1 && threads <= MAX_THREADS,
        "system property %s = '%s' is not a number of threads in [1, %d]",
        THREADS_PROPERTY,
        property,
        MAX_THREADS);
    return threads;
  }

  private static DeviceInfo deviceInfo(int threads, boolean vectorized, CpuMemory memory) {
    return new DeviceInfo(
        "cpu",
        DeviceType.JAVA,
        processorName(),
        System.getProperty("java.vendor", "unknown"),
        "Java "
            + System.getProperty("java.version", "unknown")
            + (vectorized ? ", Vector API" : ", plain loops"),
        threads,
        memory.totalBytes(),
        memory.totalBytes(),
        true,
        false,
        true,
        "none",
        "sums in input order, without atomics",
        "");
  }

  private static String processorName() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      return System.getProperty("os.arch", "unknown"); // not a Linux system
    }
    return System.getProperty("os.arch", "unknown");
  }
}
