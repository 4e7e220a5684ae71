package dev.embedcl.backend.cpu;

import dev.embedcl.memory.Bfloat16;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
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

  @Override
  public void widen(short[] from, float[] to, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      widen(ShortVector.fromArray(SHORTS, from, i)).intoArray(to, i);
    }
    for (; i < width; i++) {
      to[i] = Bfloat16.toFloat(from[i]);
    }
  }

  @Override
  public void narrow(float[] from, short[] to, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      narrow(FloatVector.fromArray(FLOATS, from, i)).intoArray(to, i);
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
          widen(ShortVector.fromArray(SHORTS, to, i)).add(FloatVector.fromArray(FLOATS, added, i));
      narrow(sum).intoArray(to, i);
    }
    for (; i < width; i++) {
      to[i] = Bfloat16.fromFloat(Bfloat16.toFloat(to[i]) + added[i]);
    }
  }

  private static FloatVector widen(ShortVector from) {
    IntVector bits = (IntVector) from.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  private static ShortVector narrow(FloatVector from) {
    IntVector bits = from.reinterpretAsInts();
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    IntVector rounded = bits.add(odd).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
    rounded = rounded.blend(0x7fc0, bits.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000));
    return (ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0);
  }
}
