package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Sums the rows of a batch's gradient by id, as {@link EmbeddingUpdate} does, into a matrix of the
 * rows that have a sum and no others: PyTorch's coalesced sparse gradient. {@code values[i, :]}
 * becomes the gradient of row {@code rows[i]}, and the rows ascend.
 *
 * @param gradOutput float32, [rows, embeddingDim], at least {@link IndexGroups#sourceRows()} rows
 * @param groups where each row's contributions stand
 * @param rows int32, receives {@link IndexGroups#uniqueRows()} row numbers; may be larger
 * @param values float32, receives [uniqueRows, embeddingDim]; may have more rows
 * @param winners as in {@link EmbeddingUpdate}
 */
public record CoalescedGradient(
    Matrix gradOutput,
    IndexGroups groups,
    DeviceBuffer rows,
    Matrix values,
    @Nullable DeviceBuffer winners)
    implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, {@code rows} is not int32,
   *     {@code gradOutput} and {@code values} are one buffer, or there are winners and no positions
   *     or the other way round
   */
  public CoalescedGradient {
    Checks.requireGradientType("gradOutput", gradOutput);
    Checks.requireArithmetic("values", values.type(), gradOutput);
    Checks.requireColumns("gradOutput", gradOutput, values.columns());
    Checks.requireDistinct("gradOutput", gradOutput, "values", values);
    Checks.requireGroups(groups, gradOutput, groups.numEmbeddings());
    requireArgument(
        values.rows() >= groups.uniqueRows(),
        "values has %d rows; the batch names %d",
        values.rows(),
        groups.uniqueRows());
    if (rows.type() != DType.INT32) {
      throw new IllegalArgumentException("rows hold " + rows.type() + "; give a buffer of INT32");
    }
    requireArgument(
        rows.elements() >= groups.uniqueRows(),
        "rows hold %d numbers; the batch names %d rows",
        rows.elements(),
        groups.uniqueRows());
    Checks.requireWinnersOf(gradOutput, groups, winners);
  }

  /**
   * Creates an operation for which all columns count.
   *
   * @throws IllegalArgumentException as the other constructor
   */
  public CoalescedGradient(
      Matrix gradOutput, IndexGroups groups, DeviceBuffer rows, Matrix values) {
    this(gradOutput, groups, rows, values, null);
  }

  @Override
  public boolean isFloat64() {
    return gradOutput.type() == DType.FLOAT64;
  }
}
