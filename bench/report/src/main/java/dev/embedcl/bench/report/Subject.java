package dev.embedcl.bench.report;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What is measured: the copies, ours, or a peer with or without huge pages of the C library. */
enum Subject {
  /** Not beside rows whose time is not that of moving bytes. */
  COPIES(
      "ours",
      true,
      EnumSet.complementOf(EnumSet.of(Row.INIT, Row.INIT_FIRST, Row.GROUPING, Row.GROUPING_LARGE))),
  OURS("ours", false, EnumSet.allOf(Row.class)),
  PYTORCH("peers/pytorch", false, EnumSet.range(Row.FORWARD_SMALL, Row.STEP_STORAGE)),
  PYTORCH_HUGE_PAGES("peers/pytorch", true, PYTORCH.rows),
  TENSORFLOW(
      "peers/tensorflow",
      false,
      EnumSet.of(
          Row.FORWARD_SMALL,
          Row.FORWARD_FRESH,
          Row.FORWARD_LARGE,
          Row.BACKWARD_INTO,
          Row.GRADIENT_SPARSE,
          Row.GRADIENT_FRESH,
          Row.STEP)),
  TENSORFLOW_HUGE_PAGES("peers/tensorflow", true, TENSORFLOW.rows),
  ONNXRUNTIME("peers/onnxruntime", false, EnumSet.range(Row.FORWARD_SMALL, Row.FORWARD_LARGE)),
  ONNXRUNTIME_HUGE_PAGES("peers/onnxruntime", true, ONNXRUNTIME.rows),
  DJL("peers/djl", false, EnumSet.of(Row.FORWARD_SMALL, Row.FORWARD_FRESH, Row.FORWARD_LARGE)),
  DJL_HUGE_PAGES("peers/djl", true, DJL.rows);

  /** The module's folder, below bench/. */
  final String module;

  /** Whether the C library asks the kernel for huge pages. Ours asks by itself. */
  final boolean hugePages;

  /** What it has a way to do. */
  final Set<Row> rows;

  Subject(String module, boolean hugePages, Set<Row> rows) {
    this.module = module;
    this.hugePages = hugePages;
    this.rows = rows;
  }

  /** Returns the name by which a user asks for it, and of its record's file. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns what it is, with huge pages or without. */
  String product() {
    return module.substring(module.lastIndexOf('/') + 1);
  }

  boolean isPeer() {
    return module.startsWith("peers/");
  }
}
