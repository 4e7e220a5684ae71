package dev.embedcl.opencl;

import java.lang.foreign.MemorySegment;

/** What {@link OpenClLibraryTest} runs in JVMs of its own. */
final class LibraryProbe {
  private static final int WARM_UP = 200_000;
  private static final int DIVISIONS_BY_ZERO = 10_000;

  private LibraryProbe() {}

  public static void main(String[] arguments) {
    if (arguments[0].equals("list")) {
      list();
    } else {
      divideByZero();
    }
  }

  private static void list() {
    OpenClUnavailableException first = OpenClLibrary.unavailability().orElse(null);
    if (first == null) {
      try {
        System.out.println("platforms=" + OpenClLibrary.platforms().size());
      } catch (OpenClUnavailableException e) {
        refused(e);
        return;
      }
      System.out.println("devices=" + OpenClLibrary.devices().size());
      return;
    }
    System.out.println("reason=" + first.reason());
    System.out.println("cure=" + first.cure());
    try {
      OpenClLibrary.platforms();
    } catch (OpenClUnavailableException again) {
      System.out.println("sameReason=" + again.reason().equals(first.reason()));
    }
  }

  private static void refused(OpenClUnavailableException refusal) {
    System.out.println("refused=" + refusal.reason());
    System.out.println("cure=" + refusal.cure());
    try {
      OpenClLibrary.platforms();
    } catch (OpenClUnavailableException again) {
      System.out.println("again=" + again.reason().equals(refusal.reason()));
    }
  }

  private static void divideByZero() {
    try (Context context = Context.open(OpenClLibrary.devices().getFirst())) {
      Queue queue = Queue.open(context, false);
      Buffer buffer = context.allocate(4);
      Kernel kernel =
          context.program("kernel void set(global int *out) { *out = 7; }", "").kernel("set");
      kernel.setArg(0, buffer);
      queue.launch(kernel, new long[] {1}, null);
      int[] value = new int[1];
      queue.read(buffer, 0, MemorySegment.ofArray(value));
      System.out.println("kernel=" + value[0]);
    }
    int sum = 0;
    for (int i = 1; i <= WARM_UP; i++) {
      sum += quotient(i, (i & 7) + 1);
    }
    int thrown = 0;
    for (int i = 0; i < DIVISIONS_BY_ZERO; i++) {
      try {
        sum += quotient(7, 0);
      } catch (ArithmeticException e) {
        thrown++;
      }
    }
    System.out.println("sum=" + sum);
    System.out.println("thrown=" + (thrown == DIVISIONS_BY_ZERO ? "all" : thrown));
  }

  private static int quotient(int a, int b) {
    return a / b;
  }
}
