package dev.embedcl.backend.opencl;

import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Kernel;
import java.util.HashMap;
import java.util.Map;

/**
 * One kernel function in the variants that a device's launch profile asks for, each built on first
 * use. Not thread-safe: the backend's lock guards it, and with it the kernels' arguments.
 */
final class Kernels {
  private final Context context;
  private final LaunchProfile profile;
  private final String file;
  private final String name;
  private final String options;
  private final Map<Variant, Kernel> variants = new HashMap<>();

  private record Variant(int vectorWidth, boolean aligned, boolean streaming) {}

  Kernels(Context context, LaunchProfile profile, String file, String name, String options) {
    this.context = context;
    this.profile = profile;
    this.file = file;
    this.name = name;
    this.options = options;
  }

  /** Returns the variant for rows of {@code dim} columns and a result of so many bytes. */
  Kernel variant(int dim, long resultBytes) {
    Variant variant =
        new Variant(
            profile.vectorWidth(dim),
            profile.aligned(dim),
            profile.aligned(dim) && resultBytes >= profile.streamingBytes());
    Kernel kernel = variants.get(variant);
    if (kernel == null) {
      kernel = context.program(KernelSource.load(file), options(variant)).kernel(name);
      variants.put(variant, kernel);
    }
    return kernel;
  }

  private String options(Variant variant) {
    return "-DVECTOR_WIDTH="
        + variant.vectorWidth
        + " -DVECTOR_ALIGNED="
        + (variant.aligned ? 1 : 0)
        + " -DSTREAMING_STORES="
        + (variant.streaming ? 1 : 0)
        + options;
  }
}
