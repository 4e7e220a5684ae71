package dev.embedcl.init;

/** {@link CpuCapability#DEFAULT}: float arithmetic around correctly rounded log, cos and sin. */
final class RoundedBoxMuller implements BoxMuller {

  @Override
  public void transform(float[] data, int length, float mean, float std) {
    for (int block = 0; block < length; block += BLOCK) {
      for (int j = block; j < block + HALF; j++) {
        float u1 = 1f - data[j];
        // A float square root is the double one rounded, exactly. The logarithm and the others are
        // less than one unit
        // of double precision off, which rounding to float hides but for arguments rarer than one
        // in 2^28.
        float radius = (float) Math.sqrt(-2f * (float) StrictMath.log(u1));
        double theta = (float) (2 * Math.PI * data[j + HALF]);
        data[j] = radius * (float) StrictMath.cos(theta) * std + mean;
        data[j + HALF] = radius * (float) StrictMath.sin(theta) * std + mean;
      }
    }
  }
}
