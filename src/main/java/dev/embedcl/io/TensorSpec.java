package dev.embedcl.io;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;

/**
 * A tensor's name, element type and shape, without its data.
 *
 * @param name the name in the file; may be any text
 * @param type the element type
 * @param shape the sizes, outermost first, at most {@value #MAX_RANK} of them
 */
public record TensorSpec(String name, DType type, Shape shape) {
  /** The most dimensions a tensor in a file may have; NumPy reads no more either. */
  public static final int MAX_RANK = 64;

  /**
   * Checks that the tensor can be stored.
   *
   * @throws IllegalArgumentException if the shape has more than {@value #MAX_RANK} dimensions or
   *     the tensor more than 2^63-1 bytes
   */
  public TensorSpec {
    if (shape.rank() > MAX_RANK) {
      throw new IllegalArgumentException(
          "tensor "
              + Quoted.of(name)
              + " has "
              + shape.rank()
              + " dimensions, the limit is "
              + MAX_RANK
              + "; reshape it");
    }
    try {
      Math.multiplyExact(shape.elements(), (long) type.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "tensor "
              + Quoted.of(name)
              + ": "
              + type
              + " of shape "
              + shape
              + " has more than 2^63-1 bytes",
          e);
    }
  }

  /** Returns the size of the data in bytes. */
  public long bytes() {
    return shape.elements() * type.bytes();
  }
}
