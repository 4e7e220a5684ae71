package dev.embedcl.gpureport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PeerTableTest {

  @Test
  void resultsAgreeWithinATenThousandth() {
    assertThat(comparison("float32", 10, 10, 3, 3.0003)).contains("same", "agree");
    assertThat(comparison("float32", 10, 11, 3, 3.0005)).contains("others", "DIFFERENT");
    assertThat(comparison("float32", 10, 10, 3, Double.NaN)).contains("DIFFERENT");
  }

  @Test
  void resultsOfSixteenBitsAgreeWithinASixtyFourth() {
    assertThat(comparison("bfloat16", 10, 10, 1, 1.03)).contains("agree");
    assertThat(comparison("bfloat16", 10, 10, 1, 1.04)).contains("DIFFERENT");
  }

  private static List<String> comparison(
      String storage, int ourSum, long theirSum, double our, double their) {
    return PeerTable.comparison(print(storage, theirSum, their), print(storage, ourSum, our));
  }

  private static Map<String, Object> print(String storage, Number sum, double sample) {
    return Map.of(
        "shape",
        "s",
        "storage",
        storage,
        "ids",
        "zipf",
        "forwardSum",
        sum,
        "samples",
        Map.of("forward", List.of(0.25, sample)));
  }
}
