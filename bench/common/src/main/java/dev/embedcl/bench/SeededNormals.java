package dev.embedcl.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.zip.CRC32C;

/**
 * The table that a seeded initialisation makes: 50,257 x 768 standard normal floats, those of
 * PyTorch's {@code torch.manual_seed(123)} and {@code normal_} on a processor with AVX2.
 */
public final class SeededNormals {
  /** The seed. */
  public static final long SEED = 123;

  /** Rows of the table. */
  public static final int ROWS = 50_257;

  /** The length of a row. */
  public static final int COLUMNS = 768;

  /** Bytes of the table, each written once. */
  public static final long BYTES = 4L * ROWS * COLUMNS;

  /** Of all bytes, as PyTorch and EmbedCL write them. */
  private static final long CHECKSUM = 0xba1d0b5aL;

  private SeededNormals() {}

  /** Checks every bit of a table. */
  public static void require(MemorySegment floats) {
    if (floats.byteSize() != BYTES) {
      throw new IllegalStateException(
          "table has %d bytes, not %d".formatted(floats.byteSize(), BYTES));
    }
    CRC32C checksum = new CRC32C();
    byte[] block = new byte[1 << 20];
    for (long offset = 0; offset < BYTES; offset += block.length) {
      int length = (int) Math.min(block.length, BYTES - offset);
      MemorySegment.copy(floats, ValueLayout.JAVA_BYTE, offset, block, 0, length);
      checksum.update(block, 0, length);
    }
    if (checksum.getValue() != CHECKSUM) {
      throw new IllegalStateException(
          "table has checksum %x, not %x".formatted(checksum.getValue(), CHECKSUM));
    }
  }
}
