package dev.embedcl.gpureport;

import static dev.embedcl.gpureport.Part.FIRST;
import static dev.embedcl.gpureport.Part.GRADIENT;
import static dev.embedcl.gpureport.Part.OUT;
import static dev.embedcl.gpureport.Part.ROW_STATE;
import static dev.embedcl.gpureport.Part.SECOND;
import static dev.embedcl.gpureport.Part.SPARSE_ROWS;
import static dev.embedcl.gpureport.Part.SPARSE_VALUES;
import static dev.embedcl.gpureport.Part.WEIGHT;
import static dev.embedcl.gpureport.Part.WINNERS;

import dev.embedcl.gpureport.Trained.Rule;
import dev.embedcl.op.BagMode;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** An operation that is checked and timed; in the order in which they are. */
enum Work {
  FORWARD(
      "forward", of(OUT), b -> b.ids() + b.rowsRead() + b.out() + b.positions(), Tables::forward),
  BACKWARD_ATOMIC(
      "backward, atomic",
      of(GRADIENT),
      b -> sums(b) + 2 * b.touched32() + 2 * b.positions32(),
      Tables::backwardAtomic),
  CLEARED_BACKWARD(
      "clear all, backward, deterministic",
      of(GRADIENT),
      b -> sums(b) + b.table32() + b.positions32(),
      (tables, batch) -> {
        tables.clearGradients();
        tables.backward(batch);
      }),
  BACKWARD(
      "backward, deterministic",
      of(GRADIENT),
      b -> sums(b) + 2 * b.touched32() + 2 * b.positions32(),
      Tables::backward),
  SPARSE_GRADIENT(
      "sparse gradient, coalesced",
      of(SPARSE_VALUES, SPARSE_ROWS),
      b -> sums(b) + b.touched32() + b.touchedRows(),
      Tables::sparseGradient),
  SGD("sgd step, fused", of(WEIGHT), b -> step(b, 0), step(Rule.SGD)),
  MOMENTUM("momentum step, fused", of(WEIGHT, FIRST), b -> step(b, 1), step(Rule.MOMENTUM)),
  ADAGRAD("adagrad step, fused", of(WEIGHT, FIRST), b -> step(b, 1), step(Rule.ADAGRAD)),
  SPARSE_ADAM(
      "sparse adam step, fused",
      of(WEIGHT, FIRST, SECOND),
      b -> step(b, 2),
      step(Rule.SPARSE_ADAM)),
  ROWWISE_ADAGRAD(
      "row-wise adagrad step, fused",
      of(WEIGHT, ROW_STATE),
      b -> step(b, 0) + 2 * b.touchedRows(),
      step(Rule.ROWWISE_ADAGRAD)),
  SGD_DENSE(
      "sgd step, dense",
      of(WEIGHT),
      b -> 3 * b.table32(),
      (tables, batch) -> tables.denseStep(Rule.SGD)),
  ADAM_DENSE(
      "clear all, backward, adam step, dense",
      of(WEIGHT, GRADIENT, FIRST, SECOND),
      b -> CLEARED_BACKWARD.bytes(b) + 7 * b.table32(),
      (tables, batch) -> {
        tables.clearGradients();
        tables.backward(batch);
        tables.denseStep(Rule.ADAM);
      }),
  CLEAR(
      "clear all, nothing else",
      of(GRADIENT),
      b -> b.table32() + b.positions32(),
      (tables, batch) -> tables.clearGradients()),
  BAG_SUM("bag forward, sum", of(OUT), Work::bagBytes, bagForward(BagMode.SUM)),
  BAG_MEAN("bag forward, mean", of(OUT), Work::bagBytes, bagForward(BagMode.MEAN)),
  BAG_MAX(
      "bag forward, max",
      of(OUT, WINNERS),
      b -> bagBytes(b) + b.gradient(), // winners are as large as a gradient of the result
      bagForward(BagMode.MAX)),
  BAG_GRADIENT(
      "bag gradient, coalesced",
      of(SPARSE_VALUES, SPARSE_ROWS),
      SPARSE_GRADIENT::bytes,
      Tables::sparseGradient),
  BAG_SGD("bag sgd step, fused", of(WEIGHT), b -> step(b, 0), step(Rule.SGD)),
  BAG_ROWWISE_ADAGRAD(
      "bag row-wise adagrad step, fused",
      of(WEIGHT, ROW_STATE),
      ROWWISE_ADAGRAD::bytes,
      step(Rule.ROWWISE_ADAGRAD));

  private final String title;
  private final Set<Part> changes;
  private final ToDoubleFunction<Bytes> bytes;
  private final Run run;

  /** Enqueues an operation on one of the batches. */
  @FunctionalInterface
  private interface Run {
    void on(Tables tables, int batch);
  }

  Work(String title, Set<Part> changes, ToDoubleFunction<Bytes> bytes, Run run) {
    this.title = title;
    this.changes = changes;
    this.bytes = bytes;
    this.run = run;
  }

  /** Returns what there is to do with a problem; the dense ones need room for much. */
  static List<Work> of(Problem problem) {
    BatchShape shape = problem.shape();
    if (shape.bags()) {
      return problem.isNarrow()
          ? List.of(BAG_SUM, BAG_SGD)
          : List.of(BAG_SUM, BAG_MEAN, BAG_MAX, BAG_GRADIENT, BAG_SGD, BAG_ROWWISE_ADAGRAD);
    }
    if (problem.isNarrow()) {
      return List.of(FORWARD, SGD);
    }
    if (shape.equals(BatchShape.TINY)) {
      return List.of(FORWARD, BACKWARD_ATOMIC, CLEARED_BACKWARD, BACKWARD, SGD, SPARSE_ADAM);
    }
    return EnumSet.range(FORWARD, CLEAR).stream().toList();
  }

  String title() {
    return title;
  }

  /** Returns the parts that differ afterwards. */
  Set<Part> changes() {
    return changes;
  }

  /** Returns the bytes that cannot be avoided. */
  double bytes(Bytes of) {
    return bytes.applyAsDouble(of);
  }

  /** Whether a part of it is the driver's own fill, which event times of kernels do not show. */
  boolean fills() {
    return this == CLEARED_BACKWARD || this == ADAM_DENSE || this == CLEAR;
  }

  /** Whether the same sums may come out with other last bits. */
  boolean hasNoOrder() {
    return this == BACKWARD_ATOMIC;
  }

  /** Whether it takes row groups, which the host builds while the forward pass runs. */
  boolean isGrouped() {
    return switch (this) {
      case FORWARD, BACKWARD_ATOMIC, SGD_DENSE, CLEAR, BAG_SUM, BAG_MEAN, BAG_MAX -> false;
      default -> true;
    };
  }

  void run(Tables tables, int batch) {
    run.on(tables, batch);
  }

  private static Set<Part> of(Part first, Part... rest) {
    return EnumSet.of(first, rest);
  }

  private static Run step(Rule rule) {
    return (tables, batch) -> tables.step(batch, rule);
  }

  private static Run bagForward(BagMode mode) {
    return (tables, batch) -> tables.bagForward(batch, mode);
  }

  /** Read once: that sums by row and by position come from two walks can be avoided. */
  private static double sums(Bytes b) {
    return b.ids() + b.gradient();
  }

  /** Sums, and touched rows with some matrices of state, read and written. */
  private static double step(Bytes b, int states) {
    return sums(b)
        + 2 * (b.touched() + b.positions())
        + 2 * states * (b.touched32() + b.positions32());
  }

  private static double bagBytes(Bytes b) {
    return b.ids() + b.offsets() + b.rowsRead() + b.out();
  }
}
