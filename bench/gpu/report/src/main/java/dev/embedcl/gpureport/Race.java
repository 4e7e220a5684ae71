package dev.embedcl.gpureport;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A target: so many times as fast as a peer.
 *
 * @param operation the peer's name for what it does
 * @param variant how the peer does it, or empty for its fastest way
 * @param factor 0 where the ratio is only to be told
 */
record Race(String title, Sizes sizes, Work ours, String operation, String variant, double factor) {

  static final List<Race> ALL =
      List.of(
          new Race(
              "forward against eager", Sizes.LARGE_BATCHES, Work.FORWARD, "forward", "eager", 2.3),
          new Race(
              "forward against torch.compile",
              Sizes.LARGE_BATCHES,
              Work.FORWARD,
              "forward",
              "torch.compile",
              1),
          new Race(
              "deterministic backward, dense dW",
              Sizes.GPT2,
              Work.CLEARED_BACKWARD,
              "backward, dense",
              "eager",
              2),
          new Race(
              "fused SGD against the backward pass alone",
              Sizes.WIDE,
              Work.SGD,
              "backward, dense",
              "eager",
              5),
          new Race("Adam on touched rows", Sizes.ALL, Work.SPARSE_ADAM, "sparse adam", "", 4),
          new Race(
              "Adam on touched rows against Adam on all, which is another optimizer",
              Sizes.ALL,
              Work.SPARSE_ADAM,
              "adam, dense",
              "",
              0),
          new Race(
              "Adam on all rows, the same optimizer",
              Sizes.ALL,
              Work.ADAM_DENSE,
              "adam, dense",
              "",
              0));

  /** Returns the peer's time for the same problem. */
  Optional<Peer.Measured> theirs(Peer peer, Result ours) {
    return peer.results().stream()
        .filter(each -> each.isOf(ours) && each.operation().equals(operation))
        .filter(each -> variant.isEmpty() || each.variant().equals(variant))
        .min(Comparator.comparingDouble(Peer.Measured::micros));
  }
}
