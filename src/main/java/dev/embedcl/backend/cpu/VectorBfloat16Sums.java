package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.embedcl.memory.Bfloat16;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds rows of bfloat16 to others. A lane of integers takes two columns: a number of bfloat16 is
 * the upper half of the same float32, so that the odd ones are there already, the even ones a shift
 * away.
 *
 * <p>NaNs, which rounding would turn into other numbers, are left to scalar code. To ask for them
 * once in a step, its sums are added up: a NaN among them makes that one too. So may infinities of
 * both signs, which costs time alone.
 */
final class VectorBfloat16Sums {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, FLOATS.vectorShape());
  private static final long VECTOR_BYTES = INTS.vectorByteSize();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** The upper half of a lane. */
  private static final int HIGH = 0xffff0000;

  /** Half a unit in the last place, less one. */
  private static final int ROUNDING = 0x7fff;

  private VectorBfloat16Sums() {}

  /** As {@link RowStorage.Bfloat16Loops#addToRows}. */
  static void addToRows(
      MemorySegment rows,
      long[] rowAt,
      int count,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long[] toAt,
      int columns) {
    if (count == RowKernels.ROWS) {
      addToFour(rows, rowAt, common, commonAt, to, toAt, columns);
    } else {
      for (int i = 0; i < count; i++) {
        addToOne(rows, rowAt[i], common, commonAt, to, toAt[i], columns);
      }
    }
  }

  private static void addToFour(
      MemorySegment rows,
      long[] rowAt,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long[] toAt,
      int columns) {
    final long row0 = rowAt[0];
    final long row1 = rowAt[1];
    final long row2 = rowAt[2];
    final long row3 = rowAt[3];
    final long to0 = toAt[0];
    final long to1 = toAt[1];
    final long to2 = toAt[2];
    final long to3 = toAt[3];
    final long bytes = 2L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      IntVector added = IntVector.fromMemorySegment(INTS, common, commonAt + d, ORDER);
      FloatVector addedLow = added.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector addedHigh = added.and(HIGH).reinterpretAsFloats();
      IntVector pair0 = IntVector.fromMemorySegment(INTS, rows, row0 + d, ORDER);
      IntVector pair1 = IntVector.fromMemorySegment(INTS, rows, row1 + d, ORDER);
      IntVector pair2 = IntVector.fromMemorySegment(INTS, rows, row2 + d, ORDER);
      IntVector pair3 = IntVector.fromMemorySegment(INTS, rows, row3 + d, ORDER);
      FloatVector low0 =
          pair0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().add(addedLow);
      FloatVector high0 = pair0.and(HIGH).reinterpretAsFloats().add(addedHigh);
      FloatVector low1 =
          pair1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().add(addedLow);
      FloatVector high1 = pair1.and(HIGH).reinterpretAsFloats().add(addedHigh);
      FloatVector low2 =
          pair2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().add(addedLow);
      FloatVector high2 = pair2.and(HIGH).reinterpretAsFloats().add(addedHigh);
      FloatVector low3 =
          pair3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().add(addedLow);
      FloatVector high3 = pair3.and(HIGH).reinterpretAsFloats().add(addedHigh);
      FloatVector all =
          low0.add(high0).add(low1.add(high1)).add(low2.add(high2)).add(low3.add(high3));
      if (all.compare(VectorOperators.NE, all).anyTrue()) {
        addScalars(rows, row0, common, commonAt, to, to0, d, d + VECTOR_BYTES);
        addScalars(rows, row1, common, commonAt, to, to1, d, d + VECTOR_BYTES);
        addScalars(rows, row2, common, commonAt, to, to2, d, d + VECTOR_BYTES);
        addScalars(rows, row3, common, commonAt, to, to3, d, d + VECTOR_BYTES);
        continue;
      }
      IntVector even0 = low0.reinterpretAsInts();
      IntVector odd0 = high0.reinterpretAsInts();
      even0 = even0.add(even0.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      odd0 = odd0.add(odd0.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      even0
          .lanewise(VectorOperators.LSHR, 16)
          .or(odd0.and(HIGH))
          .intoMemorySegment(to, to0 + d, ORDER);
      IntVector even1 = low1.reinterpretAsInts();
      IntVector odd1 = high1.reinterpretAsInts();
      even1 = even1.add(even1.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      odd1 = odd1.add(odd1.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      even1
          .lanewise(VectorOperators.LSHR, 16)
          .or(odd1.and(HIGH))
          .intoMemorySegment(to, to1 + d, ORDER);
      IntVector even2 = low2.reinterpretAsInts();
      IntVector odd2 = high2.reinterpretAsInts();
      even2 = even2.add(even2.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      odd2 = odd2.add(odd2.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      even2
          .lanewise(VectorOperators.LSHR, 16)
          .or(odd2.and(HIGH))
          .intoMemorySegment(to, to2 + d, ORDER);
      IntVector even3 = low3.reinterpretAsInts();
      IntVector odd3 = high3.reinterpretAsInts();
      even3 = even3.add(even3.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      odd3 = odd3.add(odd3.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      even3
          .lanewise(VectorOperators.LSHR, 16)
          .or(odd3.and(HIGH))
          .intoMemorySegment(to, to3 + d, ORDER);
    }
    addScalars(rows, row0, common, commonAt, to, to0, d, bytes);
    addScalars(rows, row1, common, commonAt, to, to1, d, bytes);
    addScalars(rows, row2, common, commonAt, to, to2, d, bytes);
    addScalars(rows, row3, common, commonAt, to, to3, d, bytes);
  }

  private static void addToOne(
      MemorySegment rows,
      long rowAt,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long toAt,
      int columns) {
    final long bytes = 2L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      IntVector added = IntVector.fromMemorySegment(INTS, common, commonAt + d, ORDER);
      IntVector pair = IntVector.fromMemorySegment(INTS, rows, rowAt + d, ORDER);
      FloatVector low =
          pair.lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .add(added.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats());
      FloatVector high =
          pair.and(HIGH).reinterpretAsFloats().add(added.and(HIGH).reinterpretAsFloats());
      FloatVector all = low.add(high);
      if (all.compare(VectorOperators.NE, all).anyTrue()) {
        addScalars(rows, rowAt, common, commonAt, to, toAt, d, d + VECTOR_BYTES);
        continue;
      }
      IntVector even = low.reinterpretAsInts();
      IntVector odd = high.reinterpretAsInts();
      even = even.add(even.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      odd = odd.add(odd.lanewise(VectorOperators.LSHR, 16).and(1)).add(ROUNDING);
      even.lanewise(VectorOperators.LSHR, 16)
          .or(odd.and(HIGH))
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    addScalars(rows, rowAt, common, commonAt, to, toAt, d, bytes);
  }

  private static void addScalars(
      MemorySegment rows,
      long rowAt,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long toAt,
      long begin,
      long end) {
    for (long d = begin; d < end; d += 2) {
      float added = Bfloat16.toFloat(common.get(JAVA_SHORT_UNALIGNED, commonAt + d));
      float sum = Bfloat16.toFloat(rows.get(JAVA_SHORT_UNALIGNED, rowAt + d)) + added;
      to.set(JAVA_SHORT_UNALIGNED, toAt + d, Bfloat16.fromFloat(sum));
    }
  }
}
