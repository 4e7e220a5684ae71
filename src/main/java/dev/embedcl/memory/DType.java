package dev.embedcl.memory;

/**
 * Element types of tensors and buffers.
 *
 * <p>Every type can be stored, read from files and written to them. The layers compute in {@link
 * #FLOAT32}, keep tables in it or in {@link #FLOAT16} or {@link #BFLOAT16}, and take ids as {@link
 * #INT32}. To check gradients, they compute in {@link #FLOAT64} on the CPU backend. An operation
 * that is handed another type says so.
 */
public enum DType {
  /** IEEE 754 binary64. */
  FLOAT64(8),
  /** IEEE 754 binary32. */
  FLOAT32(4),
  /** IEEE 754 binary16. */
  FLOAT16(2),
  /** The upper half of a binary32. */
  BFLOAT16(2),
  /** 64-bit two's complement. */
  INT64(8),
  /** 32-bit two's complement. */
  INT32(4),
  /** 16-bit two's complement. */
  INT16(2),
  /** 8-bit two's complement. */
  INT8(1),
  /** 8-bit unsigned. */
  UINT8(1),
  /** One byte, 0 or 1. */
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the size of one element in bytes. */
  public int bytes() {
    return bytes;
  }
}
