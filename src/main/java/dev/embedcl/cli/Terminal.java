package dev.embedcl.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Tells whether a person watches standard error.
 *
 * <p>{@link java.io.Console#isTerminal} answers for standard input and output together, and so says
 * no to {@code cat text | embedcl embed -} and yes to {@code embedcl embed text 2> log}; C's {@code
 * isatty} answers for the stream that is meant.
 */
final class Terminal {
  private static final int STANDARD_ERROR = 2;

  private Terminal() {}

  /** Returns whether standard error is a terminal that can move its cursor. */
  static boolean showsStandardError() {
    return System.getenv("CI") == null
        && !"dumb".equals(System.getenv("TERM"))
        && isTerminal(STANDARD_ERROR);
  }

  private static boolean isTerminal(int fileDescriptor) {
    try {
      Linker linker = Linker.nativeLinker();
      Optional<MemorySegment> isatty =
          linker.defaultLookup().find("isatty").or(() -> linker.defaultLookup().find("_isatty"));
      if (isatty.isEmpty()) {
        return false;
      }
      FunctionDescriptor signature =
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
      return (int) linker.downcallHandle(isatty.get(), signature).invokeExact(fileDescriptor) != 0;
    } catch (Throwable e) {
      // Native access may be denied, or the platform have no linker. A progress bar is not worth
      // a failure, so the answer is no.
      return false;
    }
  }
}
