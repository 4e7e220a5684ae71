package dev.embedcl.gpureport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.memory.DType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TargetsTest {
  private static final double COPY = 4000; // bytes in a nanosecond

  private final Findings findings = new Findings(Map.of(LaunchCost.FORWARD, 16.0));

  @Test
  void shareOfTheCopyComesFromTimesOfKernels() {
    timed(BatchShape.gpt2(32), Work.FORWARD, 3.68e8, 100, 300, 0);
    timed(BatchShape.gpt2(64), Work.FORWARD, 3.5e8, 100, 300, 0);
    timed(BatchShape.gpt2(8), Work.FORWARD, 1, 100, 300, 0);
    assertThat(verdicts(List.of(), "forward, share of the copy"))
        .containsExactly("92 % of 90 %: met", "88 % of 90 %: MISSED");
  }

  @Test
  void racesAreRunWithWallTimesAndTellTheGroupingToo() {
    timed(BatchShape.WIDE, Work.SGD, 1, 50, 100, 300);
    Peer peer = peer(BatchShape.WIDE, "backward, dense", "eager", 510);
    assertThat(verdicts(List.of(peer), "fused SGD against the backward pass alone"))
        .containsExactly("5.10 x (1.28) of 5.0 x: met");
    Peer faster = peer(BatchShape.WIDE, "backward, dense", "eager", 490);
    assertThat(verdicts(List.of(faster), "fused SGD against the backward pass alone"))
        .containsExactly("4.90 x (1.23) of 5.0 x: MISSED");
  }

  @Test
  void wherePeersHaveSeveralWaysTheFastestCounts() {
    timed(BatchShape.WIDE, Work.SPARSE_ADAM, 1, 50, 100, 0);
    Peer peer =
        Peer.of(
            "peer.json",
            Map.of(
                "results",
                List.of(
                    result(BatchShape.WIDE, "adam, dense", "fused", 300),
                    result(BatchShape.WIDE, "adam, dense", "eager", 400))));
    assertThat(Targets.rows(findings, List.of(peer)))
        .anySatisfy(row ->
            assertThat(row).contains("300.0, fused", "3.00 x", "told").doesNotContain("eager"));
  }

  @Test
  void whatAPeerCouldNotDoIsNotMeasured() {
    timed(BatchShape.gpt2(32), Work.FORWARD, 1, 50, 100, 0);
    Peer peer = peer(BatchShape.gpt2(32), "forward", "eager", 100);
    assertThat(verdicts(List.of(peer), "forward against torch.compile"))
        .containsExactly(" of 1.0 x: not measured");
    assertThat(verdicts(List.of(peer), "Adam on touched rows"))
        .containsExactly(" of : not measured");
  }

  @Test
  void smallBatchAndAtomicSumsAreJudgedWithoutPeers() {
    timed(BatchShape.gpt2(32), Work.BACKWARD, 1, 50, 100, 0);
    timed(BatchShape.gpt2(32), Work.BACKWARD_ATOMIC, 1, 50, 80, 0);
    assertThat(verdicts(List.of(), "a small forward pass, call to result"))
        .containsExactly("16.0 µs of 15 µs: MISSED");
    assertThat(verdicts(List.of(), "atomic sums against deterministic ones"))
        .containsExactly("1.25 x of : atomic is faster");
  }

  private List<String> verdicts(List<Peer> peers, String target) {
    return Targets.rows(findings, peers).stream()
        .filter(row -> row.getFirst().equals(target))
        .map(row -> row.get(5) + " of " + row.get(6) + ": " + row.get(7))
        .toList();
  }

  private void timed(
      BatchShape shape, Work work, double bytes, double kernels, double wall, double grouping) {
    Timing timing = new Timing(kernels, kernels, wall, wall, 1, Map.of());
    Problem problem = new Problem(shape, DType.FLOAT32);
    findings.timed(
        new Result(problem, IdDistribution.UNIFORM, work, bytes, timing, grouping, COPY));
  }

  private static Peer peer(BatchShape shape, String operation, String variant, double micros) {
    return Peer.of(
        "peer.json", Map.of("results", List.of(result(shape, operation, variant, micros))));
  }

  private static Map<String, Object> result(
      BatchShape shape, String operation, String variant, double micros) {
    return Map.of(
        "operation",
        operation,
        "shape",
        shape.name(),
        "storage",
        "float32",
        "ids",
        "uniform",
        "variant",
        variant,
        "micros",
        micros);
  }
}
