package dev.embedcl.backend.opencl;

import dev.embedcl.backend.opencl.FloatAtomicsTrial.Outcome;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.Kernel;
import dev.embedcl.opencl.OpenClException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Ways to add to a float that others add to at the same time, the fastest first. A way is taken for
 * a device after its kernel was built <em>and</em> gave the right sums there: there are drivers
 * that build an instruction they do not have and add nothing.
 */
enum FloatAtomics {
  /** NVIDIA, compute capability 9.0 and later: one instruction adds 16 bytes. */
  NV_VECTOR(4, "PTX red.global.add.v4.f32", ""),
  /** NVIDIA: one instruction for each float. */
  NV_SCALAR(3, "PTX red.global.add.f32", ""),
  /** The Khronos extension. */
  EXT(1, "cl_ext_float_atomics", " -cl-std=CL3.0"),
  /** AMD's compiler. */
  AMD(2, "AMD global_atomic_fadd_f32", ""),
  /** Compare and swap until nobody came in between; works everywhere. */
  CAS(0, "compare-and-swap loop", "");

  private static final System.Logger LOGGER = System.getLogger(FloatAtomics.class.getName());
  private static final Map<String, FloatAtomics> CHOSEN = new ConcurrentHashMap<>();

  private final int macro;
  private final String title;
  private final String options;

  FloatAtomics(int macro, String title, String options) {
    this.macro = macro;
    this.title = title;
    this.options = options;
  }

  /** Returns the way in words. */
  String title() {
    return title;
  }

  /** Returns the compiler options that select this way. */
  String options() {
    return " -DFLOAT_ATOMICS=" + macro + options;
  }

  /** Returns the way that was chosen for a device and driver earlier in this process. */
  static Optional<FloatAtomics> chosen(Device device) {
    return Optional.ofNullable(CHOSEN.get(key(device)));
  }

  /** Returns the fastest way that works on the launcher's device. */
  static FloatAtomics choose(Launcher launcher) {
    Device device = launcher.context().device();
    FloatAtomics known = CHOSEN.get(key(device));
    if (known != null) {
      return known;
    }
    for (FloatAtomics way : values()) {
      FloatAtomicsTrial trial = way.attempt(launcher);
      switch (trial.outcome()) {
        case WORKS -> {
          CHOSEN.put(key(device), way);
          return way;
        }
        case NOT_OFFERED -> {}
        case REFUSED, WRONG ->
            LOGGER.log(Level.INFO, "not used: {0}: {1}", way.title, trial.detail());
      }
    }
    throw new IllegalStateException(
        "no float atomics work on "
            + device
            + ", not even compare-and-swap; use Accumulation.DETERMINISTIC");
  }

  private boolean mayWork(Device device) {
    String vendor = device.vendor().toLowerCase(Locale.ROOT);
    return switch (this) {
      case NV_VECTOR, NV_SCALAR -> vendor.contains("nvidia");
      case EXT -> device.extensions().contains("cl_ext_float_atomics");
      case AMD -> vendor.contains("advanced micro devices");
      case CAS -> true;
    };
  }

  /** Tries each way on the launcher's device, whichever was chosen. */
  static List<FloatAtomicsTrial> attemptAll(Launcher launcher) {
    return Stream.of(values()).map(way -> way.attempt(launcher)).toList();
  }

  /** Adds small whole numbers, of which every order gives the same sum, and compares. */
  private FloatAtomicsTrial attempt(Launcher launcher) {
    if (!mayWork(launcher.context().device())) {
      return new FloatAtomicsTrial(title, Outcome.NOT_OFFERED, "");
    }
    final int dim = 8;
    final int count = 96;
    int[] ids = new int[count];
    float[] values = new float[count * dim];
    float[] expected = new float[3 * dim];
    for (int n = 0; n < count; n++) {
      ids[n] = n % 3;
      for (int d = 0; d < dim; d++) {
        values[n * dim + d] = n + d;
        expected[ids[n] * dim + d] += n + d;
      }
    }
    try (Buffer indices = launcher.context().allocate((long) count * Integer.BYTES);
        Buffer gradOutput = launcher.context().allocate((long) values.length * Float.BYTES);
        Buffer gradWeight = launcher.context().allocate((long) expected.length * Float.BYTES)) {
      launcher.queue().write(indices, 0, MemorySegment.ofArray(ids));
      launcher.queue().write(gradOutput, 0, MemorySegment.ofArray(values));
      launcher.queue().fill(gradWeight, 0, gradWeight.bytes(), (byte) 0);
      Kernel kernel = OpenClEmbeddingBackwardAtomic.scatterKernels(launcher, this).variant(dim, 0);
      OpenClEmbeddingBackwardAtomic.launchScatter(
          launcher, kernel, gradOutput, indices, gradWeight, 3, -1, null, 0, dim, 1, count);
      float[] actual = new float[expected.length];
      launcher.queue().read(gradWeight, 0, MemorySegment.ofArray(actual));
      int at = Arrays.mismatch(expected, actual);
      return at < 0
          ? new FloatAtomicsTrial(title, Outcome.WORKS, "")
          : new FloatAtomicsTrial(
              title,
              Outcome.WRONG,
              "element " + at + " became " + actual[at] + " instead of " + expected[at]);
    } catch (OpenClException e) {
      return new FloatAtomicsTrial(title, Outcome.REFUSED, String.valueOf(e.getMessage()));
    }
  }

  private static String key(Device device) {
    return device.name() + '\n' + device.driverVersion();
  }
}
