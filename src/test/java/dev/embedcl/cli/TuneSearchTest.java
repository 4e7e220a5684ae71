package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.opencl.LaunchProfile;
import dev.embedcl.cli.TuneTrial.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** The search, on times that are made up. */
final class TuneSearchTest {
  private static final LaunchProfile START =
      new LaunchProfile("start", 16, false, 128, 1000, LaunchProfile.NEVER, 4, 8, 3, true);

  private final List<TuneTrial> trials = new ArrayList<>();

  @Test
  void bestIsFoundThoughNumbersDependOnEachOther() {
    // Two rows in flight pay only in small work-groups, which alone cost a little.
    LaunchProfile best =
        search(
            profile ->
                (profile.rowsInFlight() == 2 && profile.workGroupItems() == 32 ? 0.5 : 1)
                    + profile.rowsInFlight() / 100.0
                    + 1.0 / profile.workGroupItems(),
            40);
    assertThat(best)
        .isEqualTo(
            new LaunchProfile("start", 16, false, 32, 1000, LaunchProfile.NEVER, 2, 8, 3, true));
  }

  @Test
  void nothingIsTriedTwiceNorTheStart() {
    search(profile -> 1.0 / profile.vectorBytes(), 1000);
    assertThat(trials).extracting(TuneTrial::profile).doesNotHaveDuplicates().doesNotContain(START);
  }

  @Test
  void gainsBelowTwoPercentAreNoise() {
    assertThat(search(profile -> profile.equals(START) ? 1 : 0.99, 40)).isEqualTo(START);
    assertThat(trials)
        .hasSizeGreaterThan(20)
        .allSatisfy(trial -> assertThat(trial.isBetter()).isFalse());
  }

  @Test
  void profilesThatFailAreNeverTaken() {
    LaunchProfile best =
        new TuneSearch(
                START,
                TuneSearchTest::values,
                (_, candidate) ->
                    TuneTrial.failed(
                        candidate,
                        candidate.vectorBytes() == 64 ? Outcome.WRONG : Outcome.REFUSED,
                        "a reason"),
                () -> true,
                10,
                trials::add)
            .run();
    assertThat(best).isEqualTo(START);
    assertThat(trials).hasSize(10);
  }

  @Test
  void searchEndsWithTheTime() {
    new TuneSearch(
            START,
            TuneSearchTest::values,
            (start, candidate) -> timed(candidate, start, _ -> 1),
            () -> trials.size() < 3,
            40,
            trials::add)
        .run();
    assertThat(trials).hasSize(3);
  }

  @Test
  void everyOperationCountsAlike() {
    TuneTimes before = new TuneTimes(1000, 10, 100);
    assertThat(new TuneTimes(1000, 10, 50).shareOf(before))
        .isEqualTo(new TuneTimes(1000, 5, 100).shareOf(before))
        .isLessThan(0.8);
    assertThat(new TuneTimes(500, 20, 100).shareOf(before)).isCloseTo(1, Offset.offset(1e-12));
    assertThat(
            TuneTimes.medians(
                List.of(
                    new TuneTimes(1, 30, 5),
                    new TuneTimes(3, 10, 5),
                    new TuneTimes(2, 20, 9),
                    new TuneTimes(100, 20, 9))))
        .isEqualTo(new TuneTimes(2.5, 20, 7));
  }

  private LaunchProfile search(ToDoubleFunction<LaunchProfile> cost, int most) {
    return new TuneSearch(
            START,
            TuneSearchTest::values,
            (best, candidate) -> timed(candidate, best, cost),
            () -> true,
            most,
            trials::add)
        .run();
  }

  private static TuneTrial timed(
      LaunchProfile candidate, LaunchProfile best, ToDoubleFunction<LaunchProfile> cost) {
    return TuneTrial.timed(
        candidate, times(cost.applyAsDouble(best)), times(cost.applyAsDouble(candidate)));
  }

  private static TuneTimes times(double cost) {
    return new TuneTimes(cost, 2 * cost, 3 * cost);
  }

  private static List<Long> values(TuneKnob knob) {
    return switch (knob) {
      case VECTOR_BYTES -> List.of(16L, 32L, 64L);
      case WORK_GROUP_ITEMS -> List.of(32L, 64L, 128L, 256L);
      case ROWS_IN_FLIGHT -> List.of(1L, 2L, 4L);
      case MAX_ROW_GROUPS -> List.of(10L, 1000L);
      case STREAMING_BYTES -> List.of(LaunchProfile.NEVER);
    };
  }
}
