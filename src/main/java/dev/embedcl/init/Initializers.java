package dev.embedcl.init;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * First values for {@link DType#FLOAT32} tensors of any shape and size, named as in {@code
 * torch.nn.init}.
 *
 * <p>A tensor is filled in row-major order whatever its shape, so [4, 256] and [1024] get the same
 * values. Those that draw from a {@link TorchGenerator} advance it, and give the same bits for the
 * same state of it on every machine. No memory is taken in proportion to the tensor.
 */
public final class Initializers {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bytes copied at a time when a value repeats. */
  private static final int CHUNK_BYTES = 1 << 16;

  private Initializers() {}

  /**
   * Fills with standard normal values: the weights of a fresh {@code nn.Embedding}.
   *
   * @throws IllegalArgumentException if the tensor is not {@link DType#FLOAT32}
   * @throws IllegalStateException if the tensor was closed
   */
  public static void normal(HostTensor tensor, TorchGenerator generator) {
    normal(tensor, 0, 1, generator);
  }

  /**
   * Fills with normal values, as {@code nn.init.normal_(tensor, mean, std)}; GPT-2 takes mean 0 and
   * std 0.02.
   *
   * @throws IllegalArgumentException if the tensor is not {@link DType#FLOAT32}, {@code std} is
   *     negative, or {@code mean} or {@code std} is not a finite float
   * @throws IllegalStateException if the tensor was closed
   * @see TorchGenerator#fillNormal
   */
  public static void normal(HostTensor tensor, double mean, double std, TorchGenerator generator) {
    generator.fillNormal(floats(tensor), mean, std);
  }

  /**
   * Fills with uniform values, as {@code nn.init.uniform_(tensor, from, to)}.
   *
   * @throws IllegalArgumentException if the tensor is not {@link DType#FLOAT32}, {@code from > to},
   *     or a bound or the distance between them is not a finite float
   * @throws IllegalStateException if the tensor was closed
   * @see TorchGenerator#fillUniform
   */
  public static void uniform(HostTensor tensor, double from, double to, TorchGenerator generator) {
    generator.fillUniform(floats(tensor), from, to);
  }

  /**
   * Fills with {@code value}, as {@code nn.init.constant_(tensor, value)}.
   *
   * @throws IllegalArgumentException if the tensor is not {@link DType#FLOAT32}
   * @throws IllegalStateException if the tensor was closed
   */
  public static void constant(HostTensor tensor, float value) {
    MemorySegment target = floats(tensor);
    long bytes = target.byteSize();
    long first = Math.min(bytes, CHUNK_BYTES);
    for (long offset = 0; offset < first; offset += Float.BYTES) {
      target.set(FLOAT, offset, value);
    }
    for (long offset = first; offset < bytes; offset += CHUNK_BYTES) {
      long count = Math.min(bytes - offset, CHUNK_BYTES);
      MemorySegment.copy(target, 0, target, offset, count);
    }
  }

  /**
   * Fills with +0, as {@code nn.init.zeros_(tensor)}.
   *
   * @throws IllegalArgumentException if the tensor is not {@link DType#FLOAT32}
   * @throws IllegalStateException if the tensor was closed
   */
  public static void zeros(HostTensor tensor) {
    floats(tensor).fill((byte) 0);
  }

  private static MemorySegment floats(HostTensor tensor) {
    if (tensor.type() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          tensor + " holds " + tensor.type() + "; initializers fill " + DType.FLOAT32 + " tensors");
    }
    return tensor.segment();
  }
}
