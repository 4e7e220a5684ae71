package dev.embedcl.op;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.util.Locale;

/** Argument checks of the operations, and the one wording of a wrong id. */
public final class Checks {

  private Checks() {}

  /**
   * Throws unless {@code condition} holds.
   *
   * @param template a {@link String#format} template that names value, limit and cure
   * @throws IllegalArgumentException with the formatted message
   */
  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be a dependency of its own
  public static void requireArgument(boolean condition, String template, Object... args) {
    if (!condition) {
      throw new IllegalArgumentException(String.format(Locale.ROOT, template, args));
    }
  }

  /**
   * Returns the error for an id that no row belongs to, worded alike whoever finds it: {@code
   * indices[17] = 50300 is out of range [0, 50257)}.
   *
   * @param position where the id stands, counted from 0
   * @param index the id
   * @param numEmbeddings the number of rows
   */
  public static IndexOutOfBoundsException indexOutOfRange(
      long position, long index, long numEmbeddings) {
    return new IndexOutOfBoundsException(
        "indices[" + position + "] = " + index + " is out of range [0, " + numEmbeddings + ")");
  }

  /**
   * Checks ids before anything runs.
   *
   * @throws IndexOutOfBoundsException at the first of the {@code count} ids that is not in [0,
   *     {@code numEmbeddings}), see {@link #indexOutOfRange}
   */
  public static void requireIndices(int[] indices, int count, long numEmbeddings) {
    for (int i = 0; i < count; i++) {
      int index = indices[i];
      if (index < 0 || index >= numEmbeddings) {
        throw indexOutOfRange(i, index, numEmbeddings);
      }
    }
  }

  /**
   * Checks the sizes of a batch.
   *
   * @throws IllegalArgumentException if one is negative, or they make more than 2^31-1 ids
   */
  public static void requireBatch(int batchSize, int seqLen) {
    requireArgument(batchSize >= 0, "batchSize = %d is negative", batchSize);
    requireArgument(seqLen >= 0, "seqLen = %d is negative", seqLen);
    requireArgument(
        (long) batchSize * seqLen <= Integer.MAX_VALUE,
        "batchSize * seqLen = %d * %d = %d exceeds the limit of %d ids per call; split the batch",
        batchSize,
        seqLen,
        (long) batchSize * seqLen,
        Integer.MAX_VALUE);
  }

  static void requireRows(String name, Matrix matrix, long rows) {
    requireArgument(
        matrix.rows() >= rows,
        "%s has %d rows; batchSize * seqLen = %d are needed",
        name,
        matrix.rows(),
        rows);
  }

  static void requireColumns(String name, Matrix matrix, int embeddingDim) {
    requireArgument(
        matrix.columns() == embeddingDim,
        "%s has %d columns; embeddingDim is %d",
        name,
        matrix.columns(),
        embeddingDim);
  }

  static void requireIndexBuffer(DeviceBuffer indices, long count) {
    requireArgument(
        indices.type() == DType.INT32,
        "indices hold %s; ids are kept as INT32 on a device",
        indices.type());
    requireArgument(
        indices.elements() >= count,
        "indices hold %d ids; batchSize * seqLen = %d are needed",
        indices.elements(),
        count);
  }

  @SuppressWarnings("ReferenceEquality") // the same memory is meant, not an equal one
  static void requireDistinct(String name, Matrix matrix, String otherName, Matrix other) {
    requireArgument(
        matrix.buffer() != other.buffer(), "%s and %s are the same buffer", name, otherName);
  }
}
