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

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final int MAGNITUDE = 0x7fffffff;
  private static final int INFINITY = 0x7f800000;
  private static final int QUIET_NAN = 0x7fc0;

  /** The upper half of a lane. */
  private static final int HIGH = 0xffff0000;

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

  /**
   * Takes two columns in each lane of integers: a number of bfloat16 is the upper half of the same
   * float32, so that the odd ones are there already, the even ones a shift away.
   */
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
    final int bytes = 2 * columns;
    int d = 0;
    for (; d <= bytes - INTS.vectorByteSize(); d += INTS.vectorByteSize()) {
      IntVector added = IntVector.fromMemorySegment(INTS, common, commonAt + d, ORDER);
      FloatVector addedLow = added.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector addedHigh = added.and(HIGH).reinterpretAsFloats();
      for (int i = 0; i < count; i++) {
        IntVector row = IntVector.fromMemorySegment(INTS, rows, rowAt[i] + d, ORDER);
        FloatVector low = row.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        FloatVector high = row.and(HIGH).reinterpretAsFloats();
        IntVector lows = low.add(addedLow).reinterpretAsInts();
        IntVector highs = high.add(addedHigh).reinterpretAsInts();
        VectorMask<Integer> lowNan = lows.and(MAGNITUDE).compare(VectorOperators.GT, INFINITY);
        VectorMask<Integer> highNan = highs.and(MAGNITUDE).compare(VectorOperators.GT, INFINITY);
        lows = lows.blend(QUIET_NAN << 16, lowNan);
        highs = highs.blend(QUIET_NAN << 16, highNan);
        lows = lows.add(lows.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
        highs = highs.add(highs.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
        lows.lanewise(VectorOperators.LSHR, 16)
            .or(highs.and(HIGH))
            .intoMemorySegment(to, toAt[i] + d, ORDER);
      }
    }
    for (; d < bytes; d += 2) {
      float added = Bfloat16.toFloat(common.get(JAVA_SHORT_UNALIGNED, commonAt + d));
      for (int i = 0; i < count; i++) {
        float row = Bfloat16.toFloat(rows.get(JAVA_SHORT_UNALIGNED, rowAt[i] + d));
        to.set(JAVA_SHORT_UNALIGNED, toAt[i] + d, Bfloat16.fromFloat(row + added));
      }
    }
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
    final FloatVector rates = FloatVector.broadcast(FLOATS, rate);
    int c = 0;
    for (; c <= columns - FLOATS.length(); c += FLOATS.length()) {
      for (int i = 0; i < count; i++) {
        FloatVector change =
            FloatVector.fromMemorySegment(FLOATS, rows, rowAt[i] + 4L * c, ORDER).mul(rates);
        IntVector bits =
            ((IntVector)
                    ShortVector.fromMemorySegment(SHORTS, to, toAt[i] / 2 + 2L * c, ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats()
                .sub(change)
                .reinterpretAsInts();
        IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        IntVector rounded = bits.add(odd).add(ROUNDING).lanewise(VectorOperators.LSHR, 16);
        VectorMask<Integer> nan = bits.and(MAGNITUDE).compare(VectorOperators.GT, INFINITY);
        ((ShortVector) rounded.blend(QUIET_NAN, nan).convertShape(VectorOperators.I2S, SHORTS, 0))
            .intoMemorySegment(to, toAt[i] / 2 + 2L * c, ORDER);
      }
    }
    for (; c < columns; c++) {
      for (int i = 0; i < count; i++) {
        float change = rate * rows.get(JAVA_FLOAT_UNALIGNED, rowAt[i] + 4L * c);
        long at = toAt[i] / 2 + 2L * c;
        float moved = Bfloat16.toFloat(to.get(JAVA_SHORT_UNALIGNED, at)) - change;
        to.set(JAVA_SHORT_UNALIGNED, at, Bfloat16.fromFloat(moved));
      }
    }
  }
}
