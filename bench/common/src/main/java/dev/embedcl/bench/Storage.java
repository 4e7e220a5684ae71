package dev.embedcl.bench;

/** How the floats of a table, and of an output made from it, are stored. */
public enum Storage {
  FLOAT32(4),
  FLOAT16(2),
  BFLOAT16(2);

  private final int bytes;

  Storage(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the bytes of one number. */
  public int bytes() {
    return bytes;
  }
}
