package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.QuantizedMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Quantised rows on their way between the host and a device, a few at a time. */
final class QuantizedRows {
  /** Bytes that are worked on at a time, or one row where that is longer. */
  private static final int PART_BYTES = 4 << 20;

  private static final ValueLayout.OfFloat FLOAT = QuantizedRow.FLOAT;

  private QuantizedRows() {}

  /** Gives the rows of a table, quantised, a few at a time. */
  interface Source {
    long rows();

    int columns();

    /** Puts {@code count} rows from {@code first} on into memory of exactly their size. */
    void fill(long first, int count, MemorySegment quantized);
  }

  /** Fills a new table, part after part. */
  static void fill(Source source, QuantizedMatrix target) {
    int rowBytes = (int) target.rowBytes();
    int most = rowsToAPart(target.rows(), rowBytes);
    try (HostTensor memory = HostTensor.allocate(DType.UINT8, Shape.of(most, rowBytes))) {
      for (long first = 0; first < target.rows(); first += most) {
        int count = (int) Math.min(most, target.rows() - first);
        MemorySegment part = memory.segment().asSlice(0, (long) count * rowBytes);
        source.fill(first, count, part);
        target.buffer().write(first * rowBytes, part);
      }
    }
  }

  /** Returns the rows as float32, [rows, columns], to be closed by the caller. */
  static HostTensor dequantized(QuantizedMatrix table) {
    int columns = table.columns();
    int rowBytes = (int) table.rowBytes();
    int most = rowsToAPart(table.rows(), rowBytes);
    HostTensor floats = HostTensor.allocate(DType.FLOAT32, Shape.of(table.rows(), columns));
    try (HostTensor memory = HostTensor.allocate(DType.UINT8, Shape.of(most, rowBytes))) {
      for (long first = 0; first < table.rows(); first += most) {
        int count = (int) Math.min(most, table.rows() - first);
        MemorySegment part = memory.segment().asSlice(0, (long) count * rowBytes);
        table.buffer().read(first * rowBytes, part);
        for (int r = 0; r < count; r++) {
          MemorySegment row = part.asSlice((long) r * rowBytes, rowBytes);
          QuantizedRow.dequantize(row, columns, floats.segment(), (first + r) * columns);
        }
      }
      return floats;
    } catch (RuntimeException | Error e) {
      floats.close();
      throw e;
    }
  }

  /** Returns the rows that a table of numbers becomes. */
  static Source ofTensor(HostTensor weight) {
    Shape shape = weight.shape();
    requireArgument(
        TableValues.isStorage(weight.type()) && shape.rank() == 2,
        "%s cannot be quantised; give FLOAT32, FLOAT16 or BFLOAT16 of shape [rows, columns]",
        weight);
    long rowBytes = shape.size(1) * weight.type().bytes();
    return ofNumbers(
        weight.type(),
        shape.size(0),
        columns(shape, 0),
        (first, part) ->
            part.copyFrom(weight.segment().asSlice(first * rowBytes, part.byteSize())));
  }

  /** Returns the rows that a layer's table becomes. */
  static Source ofParameter(Parameter weight) {
    requireArgument(
        TableValues.isStorage(weight.dtype()),
        "%s is %s and cannot be quantised; give FLOAT32, FLOAT16 or BFLOAT16",
        weight,
        weight.dtype());
    DeviceBuffer buffer = weight.matrix().buffer();
    int columns = weight.columns();
    return ofNumbers(
        weight.dtype(),
        weight.rows(),
        columns,
        (first, part) -> buffer.read(first * columns, part));
  }

  /** Returns rows that were quantised before, as they lie on a device. */
  static Source ofPacked(HostTensor packed) {
    Shape shape = packed.shape();
    requireArgument(
        packed.type() == DType.UINT8
            && shape.rank() == 2
            && shape.size(1) > QuantizedMatrix.TAIL_BYTES,
        "%s holds no quantised rows; give UINT8 of shape [rows, columns + %d]",
        packed,
        QuantizedMatrix.TAIL_BYTES);
    int columns = columns(shape, QuantizedMatrix.TAIL_BYTES);
    long rowBytes = shape.size(1);
    return new Part(
        shape.size(0),
        columns,
        (first, count, target) -> {
          target.copyFrom(packed.segment().asSlice(first * rowBytes, target.byteSize()));
          for (int r = 0; r < count; r++) {
            long tail = r * rowBytes + columns;
            QuantizedRow.requireTail(
                first + r, target.get(FLOAT, tail), target.get(FLOAT, tail + Float.BYTES));
          }
        });
  }

  /** Returns rows that were quantised before, whose parts are tensors of their own. */
  static Source ofParts(HostTensor values, HostTensor scales, HostTensor offsets) {
    Shape shape = values.shape();
    requireArgument(
        values.type() == DType.UINT8 && shape.rank() == 2 && shape.size(1) >= 1,
        "%s holds no quantised numbers; give UINT8 of shape [rows, columns]",
        values);
    requireOneForEachRow("scales", scales, shape.size(0));
    requireOneForEachRow("offsets", offsets, shape.size(0));
    int columns = columns(shape, 0);
    return new Part(
        shape.size(0),
        columns,
        (first, count, target) -> {
          long rowBytes = (long) columns + QuantizedMatrix.TAIL_BYTES;
          for (int r = 0; r < count; r++) {
            long row = first + r;
            float scale = scales.segment().get(FLOAT, row * Float.BYTES);
            float offset = offsets.segment().get(FLOAT, row * Float.BYTES);
            QuantizedRow.requireTail(row, scale, offset);
            long at = r * rowBytes;
            MemorySegment.copy(values.segment(), row * columns, target, at, columns);
            target.set(FLOAT, at + columns, scale);
            target.set(FLOAT, at + columns + Float.BYTES, offset);
          }
        });
  }

  /** Reads rows of numbers. */
  private interface Read {
    void into(long first, MemorySegment part);
  }

  private interface Fill {
    void into(long first, int count, MemorySegment quantized);
  }

  private record Part(long rows, int columns, Fill fill) implements Source {
    @Override
    public void fill(long first, int count, MemorySegment quantized) {
      fill.into(first, count, quantized);
    }
  }

  private static Source ofNumbers(DType type, long rows, int columns, Read read) {
    return new Part(
        rows,
        columns,
        (first, count, target) -> {
          try (HostTensor stored = HostTensor.allocate(type, Shape.of(count, columns))) {
            read.into(first, stored.segment());
            try (HostTensor floats = stored.to(DType.FLOAT32)) {
              float[] row = new float[columns];
              long rowBytes = (long) columns + QuantizedMatrix.TAIL_BYTES;
              for (int r = 0; r < count; r++) {
                MemorySegment.copy(floats.segment(), FLOAT, 4L * r * columns, row, 0, columns);
                QuantizedRow.quantize(first + r, row, target.asSlice(r * rowBytes, rowBytes));
              }
            }
          }
        });
  }

  private static void requireOneForEachRow(String name, HostTensor numbers, long rows) {
    requireArgument(
        numbers.type() == DType.FLOAT32 && numbers.shape().equals(Shape.of(rows)),
        "%s are %s; give FLOAT32 of shape [%d], one for each row",
        name,
        numbers,
        rows);
  }

  private static int columns(Shape shape, int tail) {
    long columns = shape.size(1) - tail;
    requireArgument(
        columns >= 1 && columns <= QuantizedMatrix.MAX_COLUMNS,
        "columns = %d is out of range [1, %d]",
        columns,
        QuantizedMatrix.MAX_COLUMNS);
    return (int) columns;
  }

  private static int rowsToAPart(long rows, int rowBytes) {
    return (int) Math.min(rows, Math.max(1, PART_BYTES / rowBytes));
  }
}
