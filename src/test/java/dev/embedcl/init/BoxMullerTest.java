package dev.embedcl.init;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BoxMullerTest {

  /** Uniforms have 24 bits, so this is every radius and every angle there is. */
  @Test
  void vectorAndPlainLoopsGiveTheSameBitsForEveryUniform() {
    assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isPresent();
    int steps = 1 << 24;
    int length = 1 << 16;
    float[] plain = new float[length];
    for (int first = 0; first < steps; first += length / 2) {
      for (int i = 0; i < length / 2; i++) {
        int at = i / 8 * 16 + i % 8;
        plain[at] = (first + i) * 0x1p-24f;
        // Another order of the same values, so that radii and angles meet crosswise.
        plain[at + 8] = (((first + i) * 0x9E3779B1) >>> 8) * 0x1p-24f;
      }
      float[] vector = plain.clone();
      new CephesBoxMuller().transform(plain, length, 0.25f, 1.5f);
      new VectorCephesBoxMuller().transform(vector, length, 0.25f, 1.5f);
      assertThat(Arrays.mismatch(vector, plain)).as("from uniform %d", first).isEqualTo(-1);
    }
  }

  @Test
  void chosenByTheModulePresent() {
    assertThat(BoxMuller.of(CpuCapability.AVX2)).isInstanceOf(VectorCephesBoxMuller.class);
    assertThat(BoxMuller.of(CpuCapability.DEFAULT)).isInstanceOf(RoundedBoxMuller.class);
  }

  @Test
  void onlyTheGivenLengthIsTransformed() {
    for (BoxMuller boxMuller :
        new BoxMuller[] {
          new CephesBoxMuller(), new VectorCephesBoxMuller(), new RoundedBoxMuller()
        }) {
      float[] data = new float[48];
      Arrays.fill(data, 0.5f);
      boxMuller.transform(data, 32, 0, 1);
      assertThat(data[31]).isNotEqualTo(0.5f);
      assertThat(Arrays.copyOfRange(data, 32, 48)).containsOnly(0.5f);
    }
  }
}
