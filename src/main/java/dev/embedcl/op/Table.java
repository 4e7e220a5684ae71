package dev.embedcl.op;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;

/**
 * A table of vectors that forward passes look up: numbers that training can move, or rows that were
 * quantised for inference, which nothing but a forward pass takes.
 */
public sealed interface Table permits Matrix, QuantizedMatrix {

  /** Returns the memory, in which the rows lie one after the other from its first element on. */
  DeviceBuffer buffer();

  /** Returns the number of rows. */
  long rows();

  /** Returns the length of a vector. */
  int columns();

  /** Returns the type of the buffer's elements. */
  DType type();

  /**
   * Returns the type that arithmetic with the vectors has, and that gradients of them are of:
   * {@link DType#FLOAT64} for itself, {@link DType#FLOAT32} for every other.
   */
  default DType arithmetic() {
    return type() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
  }

  /** Returns the bytes from the start of a row to that of the next. */
  long rowBytes();
}
