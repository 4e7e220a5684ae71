package dev.embedcl.opencl;

import org.jspecify.annotations.Nullable;

/** Runs every step of a release even if one fails, and reports the first failure at the end. */
final class Failures {
  private @Nullable RuntimeException first;

  void run(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      if (first == null) {
        first = e;
      } else {
        first.addSuppressed(e);
      }
    }
  }

  void rethrow() {
    if (first != null) {
      throw first;
    }
  }
}
