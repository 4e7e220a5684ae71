package dev.embedcl.init;

/**
 * Which of PyTorch's two arithmetics a {@link TorchGenerator} follows, by the names that {@code
 * torch.backends.cpu.get_cpu_capability()} has for them: PyTorch's kernels for processors with AVX2
 * and its portable ones round differently, so that one seed gives values that differ in the last
 * bits.
 *
 * <p>Only the rounding differs, never the stream. Both give the same bits on every machine here.
 * Fewer than 16 normal values at a time are computed in double precision, the same way by both.
 */
public enum CpuCapability {
  /**
   * As PyTorch computes on x86-64 processors with AVX2 or AVX-512, which is what nearly all its
   * users see: normal values by the Cephes polynomials in float, and fused multiply-adds
   * throughout. Equal to it bit for bit.
   */
  AVX2,

  /**
   * As PyTorch's portable kernels compute: normal values by the C library's {@code logf}, {@code
   * cosf} and {@code sinf}, and no fused multiply-add. Uniform values are equal to it bit for bit.
   * For normal values, the three functions are correctly rounded here, and no C library's are,
   * quite: those of glibc 2.36 differ in the last bit for 0.7 % ({@code logf}) and 1.3 % ({@code
   * cosf}, {@code sinf}) of the arguments that can occur, so that 1.5 % of four million normal
   * values differed from PyTorch's, by three units in the last place at most.
   */
  DEFAULT;

  /** Multiplies and adds: rounded once with AVX2, twice without. */
  void scale(float[] values, int count, float factor, float offset) {
    if (this == AVX2) {
      for (int i = 0; i < count; i++) {
        values[i] = Math.fma(values[i], factor, offset);
      }
    } else {
      for (int i = 0; i < count; i++) {
        values[i] = values[i] * factor + offset;
      }
    }
  }
}
