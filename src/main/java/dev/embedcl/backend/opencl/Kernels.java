package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DType;
import dev.embedcl.opencl.Kernel;
import java.util.HashMap;
import java.util.Map;

/**
 * One kernel function in the variants that a device's launch profile asks for, each built on first
 * use. Not thread-safe: the backend's lock guards it, and with it the kernels' arguments.
 */
final class Kernels {
  private final Launcher launcher;
  private final String file;
  private final String name;
  private final String options;
  private final int elementBytes;
  private final Map<Variant, Kernel> variants = new HashMap<>();

  private record Variant(int vectorWidth, boolean aligned, boolean streaming) {}

  /**
   * Names the variants of a function.
   *
   * @param elementBytes bytes of the narrowest elements of a row that it moves
   */
  Kernels(Launcher launcher, String file, String name, String options, int elementBytes) {
    this.launcher = launcher;
    this.file = file;
    this.name = name;
    this.options = options;
    this.elementBytes = elementBytes;
  }

  /** Returns the variant for rows of {@code dim} columns and a result of so many bytes. */
  Kernel variant(int dim, long resultBytes) {
    LaunchProfile profile = launcher.profile();
    int width = profile.vectorWidth(dim, elementBytes);
    boolean aligned = dim % width == 0;
    Variant variant =
        new Variant(width, aligned, aligned && resultBytes >= profile.streamingBytes());
    Kernel kernel = variants.get(variant);
    if (kernel == null) {
      kernel = launcher.context().program(KernelSource.load(file), options(variant)).kernel(name);
      launcher.adopt(kernel, width);
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

  /**
   * Returns the bytes of the narrowest elements that a forward pass moves. Rows of 8 bits are not
   * counted: a work-item takes as many of their columns as one store of the result holds.
   */
  static int narrowestBytes(DType weight, DType out) {
    return weight == DType.UINT8 ? out.bytes() : Math.min(weight.bytes(), out.bytes());
  }
}
