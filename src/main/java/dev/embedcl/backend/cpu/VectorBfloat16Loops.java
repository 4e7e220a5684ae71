package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.embedcl.memory.Bfloat16;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops over bfloat16 with the Vector API. Loaded only where the module {@code
 * jdk.incubator.vector} is there. Numbers that fill no vector are left to scalar code.
 */
final class VectorBfloat16Loops implements RowStorage.Bfloat16Loops {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, FLOATS.vectorShape());
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

  private static final long SHORTS_BYTES = SHORTS.vectorByteSize();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final int MAGNITUDE = 0x7fffffff;
  private static final int INFINITY = 0x7f800000;
  private static final int QUIET_NAN = 0x7fc0;

  /** Half a unit in the last place, less one. */
  private static final int ROUNDING = 0x7fff;

  @Override
  public void widen(short[] from, float[] to, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      ((IntVector)
              ShortVector.fromArray(SHORTS, from, i)
                  .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(to, i);
    }
    for (; i < width; i++) {
      to[i] = Bfloat16.toFloat(from[i]);
    }
  }

  @Override
  public void narrow(float[] from, short[] to, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      IntVector bits = FloatVector.fromArray(FLOATS, from, i).reinterpretAsInts();
      IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
      IntVector rounded = bits.add(odd).add(ROUNDING).lanewise(VectorOperators.LSHR, 16);
      VectorMask<Integer> nan = bits.and(MAGNITUDE).compare(VectorOperators.GT, INFINITY);
      ((ShortVector) rounded.blend(QUIET_NAN, nan).convertShape(VectorOperators.I2S, SHORTS, 0))
          .intoArray(to, i);
    }
    for (; i < width; i++) {
      to[i] = Bfloat16.fromFloat(from[i]);
    }
  }

  @Override
  public void addToRows(
      MemorySegment rows,
      long[] rowAt,
      int count,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long[] toAt,
      int columns) {
    VectorBfloat16Sums.addToRows(rows, rowAt, count, common, commonAt, to, toAt, columns);
  }

  @Override
  public void step(
      MemorySegment rows,
      long[] rowAt,
      int count,
      float rate,
      MemorySegment to,
      long[] toAt,
      int columns) {
    for (int i = 0; i < count; i++) {
      step(rows, rowAt[i], rate, to, toAt[i] / 2, columns);
    }
  }

  private static void step(
      MemorySegment rows, long rowAt, float rate, MemorySegment to, long toAt, int columns) {
    final FloatVector rates = FloatVector.broadcast(FLOATS, rate);
    final long bytes = 2L * columns;
    long d = 0;
    for (; d <= bytes - SHORTS_BYTES; d += SHORTS_BYTES) {
      FloatVector moved =
          ((IntVector)
                  ShortVector.fromMemorySegment(SHORTS, to, toAt + d, ORDER)
                      .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(FloatVector.fromMemorySegment(FLOATS, rows, rowAt + 2 * d, ORDER).mul(rates));
      if (moved.compare(VectorOperators.NE, moved).anyTrue()) {
        stepScalars(rows, rowAt, rate, to, toAt, d, d + SHORTS_BYTES);
        continue;
      }
      IntVector bits = moved.reinterpretAsInts();
      bits = bits.add(bits.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      ((ShortVector)
              bits.lanewise(VectorOperators.LSHR, 16).convertShape(VectorOperators.I2S, SHORTS, 0))
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    stepScalars(rows, rowAt, rate, to, toAt, d, bytes);
  }

  /** The columns from {@code begin} to {@code end}, both in bytes of the table. */
  private static void stepScalars(
      MemorySegment rows,
      long rowAt,
      float rate,
      MemorySegment to,
      long toAt,
      long begin,
      long end) {
    for (long d = begin; d < end; d += 2) {
      float change = rate * rows.get(JAVA_FLOAT_UNALIGNED, rowAt + 2 * d);
      float moved = Bfloat16.toFloat(to.get(JAVA_SHORT_UNALIGNED, toAt + d)) - change;
      to.set(JAVA_SHORT_UNALIGNED, toAt + d, Bfloat16.fromFloat(moved));
    }
  }
}
