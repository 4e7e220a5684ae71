package dev.embedcl.memory;

import java.util.Arrays;

/** The sizes of a tensor's dimensions, outermost first; no dimension means a scalar. */
public final class Shape {
  private final long[] sizes;
  private final long elements;

  private Shape(long[] sizes) {
    long product = 1;
    boolean empty = false;
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] < 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(sizes) + ": size " + i + " is negative");
      }
      empty |= sizes[i] == 0;
    }
    for (long size : sizes) {
      try {
        product = empty ? 0 : Math.multiplyExact(product, size);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(sizes) + " has more than 2^63-1 elements", e);
      }
    }
    this.sizes = sizes;
    this.elements = product;
  }

  /**
   * Returns the shape with these sizes.
   *
   * @throws IllegalArgumentException if a size is negative or the product exceeds 2^63-1
   */
  public static Shape of(long... sizes) {
    return new Shape(sizes.clone());
  }

  /** Returns the number of dimensions. */
  public int rank() {
    return sizes.length;
  }

  /**
   * Returns the size of one dimension.
   *
   * @throws IndexOutOfBoundsException if {@code dimension} is not in [0, {@link #rank()})
   */
  public long size(int dimension) {
    if (dimension < 0 || dimension >= sizes.length) {
      throw new IndexOutOfBoundsException(
          "dimension " + dimension + " is out of range [0, " + sizes.length + ") of shape " + this);
    }
    return sizes[dimension];
  }

  /** Returns the product of all sizes, 1 for a scalar. */
  public long elements() {
    return elements;
  }

  /** Returns a copy of all sizes. */
  public long[] sizes() {
    return sizes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape that && Arrays.equals(sizes, that.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  /** Returns the sizes as {@code [8, 4, 256]}. */
  @Override
  public String toString() {
    return Arrays.toString(sizes);
  }
}
