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

  /** Returns the bytes from the start of a row to that of the next. */
  long rowBytes();
}
