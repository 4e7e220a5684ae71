package dev.embedcl.opencl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Writes down which functions of OpenCL are called on a queue, whoever calls them, and passes them
 * on, or has one fail: what is asked of a driver, where what it does cannot be seen.
 *
 * <p>An object of OpenCL begins with the address of its driver's functions, by which the loader
 * finds them ({@code cl_khr_icd}). This puts a table of its own there until it is closed.
 */
public final class CallRecorder implements AutoCloseable {
  /** More than OpenCL 1.2 has, fewer than any driver's table holds. */
  private static final int FUNCTIONS = 120;

  private static final FunctionDescriptor OF_QUEUE = FunctionDescriptor.of(JAVA_INT, JAVA_LONG);
  private static final FunctionDescriptor TRANSFER =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT,
          JAVA_LONG, JAVA_LONG);
  private static final FunctionDescriptor COPY =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT,
          JAVA_LONG, JAVA_LONG);
  private static final FunctionDescriptor LAUNCH =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT,
          JAVA_LONG, JAVA_LONG);

  private final Arena arena = Arena.ofShared();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private volatile String failing = "";
  private final MemorySegment queue;
  private final long original;

  /** Records the calls on a queue from now on. */
  @SuppressWarnings("MustBeClosed") // close() does
  public CallRecorder(Queue queue) {
    this.queue = MemorySegment.ofAddress(queue.handle()).reinterpret(Long.BYTES);
    this.original = this.queue.get(JAVA_LONG, 0);
    MemorySegment table = arena.allocate(JAVA_LONG, FUNCTIONS);
    table.copyFrom(MemorySegment.ofAddress(original).reinterpret(table.byteSize()));
    // The places are those of cl_icd.h.
    replace(table, 46, "clFlush", OF_QUEUE);
    replace(table, 47, "clFinish", OF_QUEUE);
    replace(table, 48, "clEnqueueReadBuffer", TRANSFER);
    replace(table, 49, "clEnqueueWriteBuffer", TRANSFER);
    replace(table, 50, "clEnqueueCopyBuffer", COPY);
    replace(table, 59, "clEnqueueNDRangeKernel", LAUNCH);
    this.queue.set(JAVA_LONG, 0, table.address());
  }

  /** Returns the functions that were called since the last time, in order. */
  public List<String> calls() {
    List<String> sinceLast = List.copyOf(calls);
    calls.clear();
    return sinceLast;
  }

  /** Has the next call of a function fail, as for want of memory, without the driver. */
  public void failNext(String function) {
    failing = function;
  }

  @SuppressWarnings("UnusedMethod") // found by name
  private boolean failsNow(String function) {
    calls.add(function);
    if (!failing.equals(function)) {
      return false;
    }
    failing = "";
    return true;
  }

  @Override
  public void close() {
    queue.set(JAVA_LONG, 0, original);
    arena.close();
  }

  private void replace(MemorySegment table, int index, String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    MemorySegment function = table.getAtIndex(ValueLayout.ADDRESS, index);
    try {
      MethodHandle failsNow =
          MethodHandles.lookup()
              .bind(this, "failsNow", MethodType.methodType(boolean.class, String.class))
              .bindTo(name);
      MethodHandle failure =
          MethodHandles.dropArguments(
              MethodHandles.constant(int.class, StatusCode.MEM_OBJECT_ALLOCATION_FAILURE),
              0,
              type.toMethodType().parameterList());
      MethodHandle recorded =
          MethodHandles.guardWithTest(failsNow, failure, linker.downcallHandle(function, type));
      table.setAtIndex(ValueLayout.ADDRESS, index, linker.upcallStub(recorded, type, arena));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
