package dev.embedcl.backend.cpu;

import dev.embedcl.memory.Bfloat16;
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
  public void add(short[] to, float[] added, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector sum =
          ((IntVector)
                  ShortVector.fromArray(SHORTS, to, i)
                      .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .add(FloatVector.fromArray(FLOATS, added, i));
      IntVector bits = sum.reinterpretAsInts();
      IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
      IntVector rounded = bits.add(odd).add(ROUNDING).lanewise(VectorOperators.LSHR, 16);
      VectorMask<Integer> nan = bits.and(MAGNITUDE).compare(VectorOperators.GT, INFINITY);
      ((ShortVector) rounded.blend(QUIET_NAN, nan).convertShape(VectorOperators.I2S, SHORTS, 0))
          .intoArray(to, i);
    }
    for (; i < width; i++) {
      to[i] = Bfloat16.fromFloat(Bfloat16.toFloat(to[i]) + added[i]);
    }
  }
}
