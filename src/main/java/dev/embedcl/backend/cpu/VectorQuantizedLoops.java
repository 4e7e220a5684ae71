package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops over quantised rows with the Vector API. Loaded only where the module {@code
 * jdk.incubator.vector} is there. Numbers that fill no vector are left to scalar code.
 */
final class VectorQuantizedLoops implements RowStorage.QuantizedLoops {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, FLOATS.vectorShape());

  /** As many as there are floats to a vector, or twice as many: no vectors are under 64 bits. */
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(
          byte.class, VectorShape.forBitSize(Math.max(64, FLOATS.vectorBitSize() / 4)));

  private static final boolean TWO_PARTS = BYTES.length() > FLOATS.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  @Override
  public void dequantize(
      MemorySegment rows, long at, float scale, float offset, float[] to, int width) {
    int i = 0;
    for (; i <= width - BYTES.length(); i += BYTES.length()) {
      ByteVector q = ByteVector.fromMemorySegment(BYTES, rows, at + i, ORDER);
      ((FloatVector)
              ((IntVector) q.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0))
                  .convertShape(VectorOperators.I2F, FLOATS, 0))
          .mul(scale)
          .add(offset)
          .intoArray(to, i);
      if (TWO_PARTS) {
        ((FloatVector)
                ((IntVector) q.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 1))
                    .convertShape(VectorOperators.I2F, FLOATS, 0))
            .mul(scale)
            .add(offset)
            .intoArray(to, i + FLOATS.length());
      }
    }
    for (; i < width; i++) {
      to[i] = (rows.get(JAVA_BYTE, at + i) & 0xff) * scale + offset;
    }
  }
}
