package dev.embedcl.op;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Argument checks of the operations, and the one wording of a wrong id. */
public final class Checks {

  private static final String ALL_OR_NONE =
      "where a table is FLOAT64, every matrix of the operation is, and where not, none is";

  private Checks() {}

  /**
   * Throws unless {@code condition} holds. The overloads spare a call that passes the making of
   * arrays and boxes: checks stand in every training step.
   *
   * @param template a {@link String#format} template that names value, limit and cure
   * @throws IllegalArgumentException with the formatted message
   */
  public static void requireArgument(boolean condition, String template, Object... args) {
    if (!condition) {
      throw illegalArgument(template, args);
    }
  }

  /** As {@link #requireArgument(boolean, String, Object...)}. */
  public static void requireArgument(boolean condition, String template, long a) {
    if (!condition) {
      throw illegalArgument(template, a);
    }
  }

  /** As {@link #requireArgument(boolean, String, Object...)}. */
  public static void requireArgument(boolean condition, String template, long a, long b) {
    if (!condition) {
      throw illegalArgument(template, a, b);
    }
  }

  /** As {@link #requireArgument(boolean, String, Object...)}. */
  public static void requireArgument(boolean condition, String template, long a, long b, long c) {
    if (!condition) {
      throw illegalArgument(template, a, b, c);
    }
  }

  /** As {@link #requireArgument(boolean, String, Object...)}. */
  public static void requireArgument(
      boolean condition, String template, long a, long b, long c, long d) {
    if (!condition) {
      throw illegalArgument(template, a, b, c, d);
    }
  }

  /** As {@link #requireArgument(boolean, String, Object...)}. */
  public static void requireArgument(boolean condition, String template, Object a, long b) {
    if (!condition) {
      throw illegalArgument(template, a, b);
    }
  }

  /** As {@link #requireArgument(boolean, String, Object...)}. */
  public static void requireArgument(boolean condition, String template, Object a, long b, long c) {
    if (!condition) {
      throw illegalArgument(template, a, b, c);
    }
  }

  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be a dependency of its own
  private static IllegalArgumentException illegalArgument(String template, Object... args) {
    return new IllegalArgumentException(String.format(Locale.ROOT, template, args));
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
    if (indices.type() != DType.INT32) {
      throw illegalArgument("indices hold %s; ids are kept as INT32 on a device", indices.type());
    }
    requireArgument(
        indices.elements() >= count,
        "indices hold %d ids; batchSize * seqLen = %d are needed",
        indices.elements(),
        count);
  }

  static void requireDistinct(String name, Matrix matrix, String otherName, Table other) {
    requireDistinct(name, matrix.buffer(), otherName, other.buffer());
  }

  @SuppressWarnings("ReferenceEquality") // the same memory is meant, not an equal one
  static void requireDistinct(
      String name, DeviceBuffer buffer, String otherName, DeviceBuffer other) {
    if (buffer == other) {
      throw illegalArgument("%s and %s are the same buffer", name, otherName);
    }
  }

  /** Checks a buffer with a number for each id of a batch. */
  static void requireSampleWeights(String name, DeviceBuffer weights, int count, Table table) {
    requireArithmetic(name, weights.type(), table);
    requireArgument(
        weights.elements() >= count,
        "%s hold %d numbers; there are %d ids",
        name,
        weights.elements(),
        count);
  }

  /** Checks a buffer with the position that each column of each bag was taken from. */
  static void requireWinners(DeviceBuffer winners, long bags, int columns) {
    if (winners.type() != DType.INT32) {
      throw illegalArgument("winners hold %s; positions are kept as INT32", winners.type());
    }
    requireArgument(
        winners.elements() / columns >= bags,
        "winners hold %d positions; %d bags of %d columns are needed",
        winners.elements(),
        bags,
        columns);
  }

  /**
   * Checks the winners that a gradient is taken from, if it is of such bags, against its rows and
   * the groups, which then have to know the positions.
   */
  static void requireWinnersOf(
      Matrix gradOutput, IndexGroups groups, @Nullable DeviceBuffer winners) {
    requireArgument(
        (winners != null) == groups.hasPositions(),
        winners == null
            ? "the groups keep positions, but there are no winners to compare them with"
            : "the groups have to keep positions for the winners: call keepPositions before"
                + " fromRows");
    if (winners != null) {
      requireWinners(winners, groups.sourceRows(), gradOutput.columns());
    }
  }

  /**
   * Checks that an output is float32 or of the table's type; that of quantised rows may be of any
   * but float64.
   */
  static void requireOutputType(Matrix out, Table weight) {
    requireSameArithmetic("out", out, weight);
    if (weight instanceof Matrix && out.type() != DType.FLOAT32 && out.type() != weight.type()) {
      throw illegalArgument(
          "out is %s and weight %s; give an out of FLOAT32 or of weight's type",
          out.type(), weight.type());
    }
  }

  /** Checks what is of the type of the arithmetic: gradients, their sums, weights of samples. */
  static void requireArithmetic(String name, DType type, Table table) {
    DType needed = table.arithmetic();
    if (type != needed) {
      throw illegalArgument(
          "%s is %s; give %s: %s",
          name,
          type,
          needed,
          needed == DType.FLOAT64 || type == DType.FLOAT64
              ? ALL_OR_NONE
              : "only tables and outputs are stored in 16 bits");
    }
  }

  /** Checks that two tables are both float64, or neither is. */
  static void requireSameArithmetic(String name, Table table, Table other) {
    if (table.arithmetic() != other.arithmetic()) {
      throw illegalArgument(
          "%s is %s beside %s; give another: %s", name, table.type(), other.type(), ALL_OR_NONE);
    }
  }

  /** Checks a gradient that is gathered: of a type that is no mere storage. */
  static void requireGradientType(String name, Matrix matrix) {
    requireArithmetic(name, matrix.type(), matrix);
  }

  /** Checks what there is in float32 alone: optimizers and what they need. */
  static void requireFloat32(String name, Matrix matrix) {
    if (matrix.type() != DType.FLOAT32) {
      throw illegalArgument(
          "%s is %s; give FLOAT32: %s",
          name,
          matrix.type(),
          matrix.type() == DType.FLOAT64
              ? "float64 is for the passes that gradients are checked by"
              : "only tables and outputs are stored in 16 bits");
    }
  }

  /** Checks a table that an optimizer moves. */
  static void requireTrainable(Matrix table) {
    if (table.type() == DType.FLOAT64) {
      throw illegalArgument(
          "the table is %s, which optimizers do not move: float64 is for checks of gradients; train"
              + " a table of FLOAT32, FLOAT16 or BFLOAT16",
          table.type());
    }
  }

  /** Checks a gradient against the table, and that it is no buffer that the update writes. */
  static void requireGradient(String name, Matrix gradient, RowUpdate update) {
    requireArithmetic(name, gradient.type(), update.table());
    requireColumns(name, gradient, update.table().columns());
    requireDistinct(name, gradient, "the table", update.table());
    Matrix first = update.firstState();
    if (first != null) {
      requireDistinct(name, gradient, "the optimizer's state", first);
    }
    Matrix second = update.secondState();
    if (second != null) {
      requireDistinct(name, gradient, "the optimizer's state", second);
    }
  }

  static void requireState(String name, Matrix state, Matrix table, int columns) {
    requireTrainable(table);
    requireFloat32(name, state);
    // No requireArgument here: the message's parts would be made for every step.
    if (state.rows() != table.rows() || state.columns() != columns) {
      throw illegalArgument(
          "%s is [%d, %d]; a table of [%d, %d] takes [%d, %d]",
          name,
          state.rows(),
          state.columns(),
          table.rows(),
          table.columns(),
          table.rows(),
          columns);
    }
    requireDistinct(name, state, "the table", table);
  }

  static void requireFinite(String name, float value) {
    if (!Float.isFinite(value)) {
      throw new IllegalArgumentException(name + " = " + value + " is not a finite number");
    }
  }

  static void requireNotNegative(String name, float value) {
    if (!(value >= 0 && Float.isFinite(value))) {
      throw new IllegalArgumentException(
          name + " = " + value + "; give a finite number that is not negative");
    }
  }

  /** Checks that groups find their rows in a gradient and in a table of so many. */
  static void requireGroups(IndexGroups groups, Matrix gradOutput, long tableRows) {
    requireArgument(
        gradOutput.rows() >= groups.sourceRows(),
        "gradOutput has %d rows; the groups were built for %d",
        gradOutput.rows(),
        groups.sourceRows());
    if (groups.isScaled() && groups.scalesType() != gradOutput.type()) {
      throw illegalArgument(
          "the groups' scales are %s and gradOutput %s; make the groups by new IndexGroups(%s)",
          groups.scalesType(), gradOutput.type(), gradOutput.type());
    }
    requireArgument(
        groups.numEmbeddings() <= tableRows,
        "groups were built for %d embeddings; the table has %d rows",
        groups.numEmbeddings(),
        tableRows);
  }
}
