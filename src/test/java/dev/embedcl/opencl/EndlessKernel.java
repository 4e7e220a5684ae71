package dev.embedcl.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What {@link CommandWaitTest} runs in a JVM of its own: a kernel that spins until the host, which
 * shares the memory, sets a flag.
 */
final class EndlessKernel {
  private static final String SOURCE =
      "kernel void spin(global volatile int *flag) { while (*flag == 0) {} }";

  private EndlessKernel() {}

  public static void main(String[] arguments) throws InterruptedException {
    try (Arena arena = Arena.ofShared();
        Context context = Context.open(OpenClLibrary.devices().getFirst())) {
      MemorySegment flag = arena.allocate(ValueLayout.JAVA_INT, 1 << 10);
      Queue queue = Queue.open(context, true);
      Buffer buffer = context.allocate(64);
      Kernel kernel = context.program(SOURCE, "").kernel("spin");
      kernel.setArg(0, context.wrapHostMemory(flag));
      Event event = queue.launchTimed(kernel, new long[] {1}, null);
      queue.flush();

      attempt("finish", queue::finish);
      attempt("read", () -> queue.read(buffer, 0, MemorySegment.ofArray(new byte[64])));
      attempt("map", () -> queue.map(buffer, false).close());
      attempt("event", event::durationNanos);
      if (arguments[0].contains("aside")) {
        queue.uploadAside(0);
      }
      attempt("staged", () -> stageMoreThanTheRingHolds(queue, context));
      if (arguments[0].contains("recover")) {
        flag.set(ValueLayout.JAVA_INT, 0, 1);
        attempt("finish after the end", queue::finish);
      }
    } catch (RuntimeException e) {
      System.out.println("closing: " + e);
    }
    System.out.println("live=" + LiveObjects.count());
  }

  private static void stageMoreThanTheRingHolds(Queue queue, Context context) {
    try (Buffer large = context.allocate(StagingRing.SLOT_BYTES)) {
      for (int i = 0; i < 8; i++) {
        queue.write(large, 0, MemorySegment.ofArray(new byte[(int) StagingRing.SLOT_BYTES]));
      }
    }
  }

  private static void attempt(String what, Runnable call) {
    try {
      call.run();
      System.out.println(what + ": done");
    } catch (OpenClTimeoutException e) {
      System.out.println(what + ": " + e.getMessage());
    }
  }
}
