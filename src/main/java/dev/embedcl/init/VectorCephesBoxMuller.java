package dev.embedcl.init;

import static dev.embedcl.init.CephesCoefficients.COS_0;
import static dev.embedcl.init.CephesCoefficients.COS_1;
import static dev.embedcl.init.CephesCoefficients.COS_2;
import static dev.embedcl.init.CephesCoefficients.FOUR_OVER_PI;
import static dev.embedcl.init.CephesCoefficients.HALF_BITS;
import static dev.embedcl.init.CephesCoefficients.HALF_EXPONENT;
import static dev.embedcl.init.CephesCoefficients.LN2_HIGH;
import static dev.embedcl.init.CephesCoefficients.LN2_LOW;
import static dev.embedcl.init.CephesCoefficients.LOG_0;
import static dev.embedcl.init.CephesCoefficients.LOG_1;
import static dev.embedcl.init.CephesCoefficients.LOG_2;
import static dev.embedcl.init.CephesCoefficients.LOG_3;
import static dev.embedcl.init.CephesCoefficients.LOG_4;
import static dev.embedcl.init.CephesCoefficients.LOG_5;
import static dev.embedcl.init.CephesCoefficients.LOG_6;
import static dev.embedcl.init.CephesCoefficients.LOG_7;
import static dev.embedcl.init.CephesCoefficients.LOG_8;
import static dev.embedcl.init.CephesCoefficients.MANTISSA_BITS;
import static dev.embedcl.init.CephesCoefficients.MANTISSA_MASK;
import static dev.embedcl.init.CephesCoefficients.QUARTER_PI_HIGH;
import static dev.embedcl.init.CephesCoefficients.QUARTER_PI_LOW;
import static dev.embedcl.init.CephesCoefficients.QUARTER_PI_MID;
import static dev.embedcl.init.CephesCoefficients.SIN_0;
import static dev.embedcl.init.CephesCoefficients.SIN_1;
import static dev.embedcl.init.CephesCoefficients.SIN_2;
import static dev.embedcl.init.CephesCoefficients.SQRT_HALF;
import static dev.embedcl.init.CephesCoefficients.TWO_PI;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link CephesBoxMuller} with the Vector API, operation for operation, hence with the same bits.
 * Load this class only where the module {@code jdk.incubator.vector} is present.
 */
final class VectorCephesBoxMuller implements BoxMuller {
  /** At most the 8 lanes of half a block. */
  private static final VectorSpecies<Float> FLOATS =
      FloatVector.SPECIES_PREFERRED.length() >= HALF
          ? FloatVector.SPECIES_256
          : FloatVector.SPECIES_128;

  private static final VectorSpecies<Integer> INTS =
      FLOATS.length() == HALF ? IntVector.SPECIES_256 : IntVector.SPECIES_128;

  /**
   * Returns whether the hardware has vectors of 4 floats or more; emulated ones would be slower
   * than a plain loop.
   */
  static boolean isSupported() {
    return FloatVector.SPECIES_PREFERRED.length() >= FLOATS.length();
  }

  @Override
  public void transform(float[] data, int length, float mean, float std) {
    FloatVector means = FloatVector.broadcast(FLOATS, mean);
    for (int block = 0; block < length; block += BLOCK) {
      for (int j = block; j < block + HALF; j += FLOATS.length()) {
        FloatVector u1 =
            FloatVector.broadcast(FLOATS, 1f).sub(FloatVector.fromArray(FLOATS, data, j));
        FloatVector radius = log(u1).mul(-2f).sqrt();
        FloatVector angle = FloatVector.fromArray(FLOATS, data, j + HALF).mul(TWO_PI);

        IntVector octant = toInts(angle.mul(FOUR_OVER_PI)).add(1).and(~1);
        FloatVector y = toFloats(octant);
        FloatVector x = y.fma(all(QUARTER_PI_HIGH), angle);
        x = y.fma(all(QUARTER_PI_MID), x);
        x = y.fma(all(QUARTER_PI_LOW), x);
        FloatVector z = x.mul(x);
        FloatVector c = all(COS_2).fma(z, all(COS_1));
        c = c.fma(z, all(COS_0)).mul(z);
        c = c.fma(z, z.mul(0.5f).neg()).add(1f);
        FloatVector s = all(SIN_2).fma(z, all(SIN_1));
        s = s.fma(z, all(SIN_0)).mul(z);
        s = s.fma(x, x);

        VectorMask<Float> swapped = octant.and(2).compare(VectorOperators.NE, 0).cast(FLOATS);
        FloatVector cos = negateIf(octant.sub(2).not().and(4), c.blend(s, swapped));
        FloatVector sin = negateIf(octant.and(4), s.blend(c, swapped));
        radius.mul(cos).fma(all(std), means).intoArray(data, j);
        radius.mul(sin).fma(all(std), means).intoArray(data, j + HALF);
      }
    }
  }

  private static FloatVector log(FloatVector u) {
    IntVector bits = u.reinterpretAsInts();
    FloatVector m = bits.and(MANTISSA_MASK).or(HALF_BITS).reinterpretAsFloats();
    FloatVector e = toFloats(bits.lanewise(VectorOperators.LSHR, MANTISSA_BITS).sub(HALF_EXPONENT));
    VectorMask<Float> low = m.compare(VectorOperators.LT, SQRT_HALF);
    e = e.blend(e.sub(1f), low);
    FloatVector x = m.sub(1f);
    x = x.blend(x.add(m), low);

    FloatVector z = x.mul(x);
    FloatVector y = all(LOG_8).fma(x, all(LOG_7));
    y = y.fma(x, all(LOG_6));
    y = y.fma(x, all(LOG_5));
    y = y.fma(x, all(LOG_4));
    y = y.fma(x, all(LOG_3));
    y = y.fma(x, all(LOG_2));
    y = y.fma(x, all(LOG_1));
    y = y.fma(x, all(LOG_0)).mul(x);
    y = y.fma(z, e.mul(LN2_LOW));
    y = y.sub(z.mul(0.5f));
    return e.fma(all(LN2_HIGH), x.add(y));
  }

  private static FloatVector negateIf(IntVector four, FloatVector values) {
    return values
        .reinterpretAsInts()
        .lanewise(VectorOperators.XOR, four.lanewise(VectorOperators.LSHL, 29))
        .reinterpretAsFloats();
  }

  private static FloatVector all(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }

  private static IntVector toInts(FloatVector values) {
    return (IntVector) values.convertShape(VectorOperators.F2I, INTS, 0);
  }

  private static FloatVector toFloats(IntVector values) {
    return (FloatVector) values.convertShape(VectorOperators.I2F, FLOATS, 0);
  }
}
