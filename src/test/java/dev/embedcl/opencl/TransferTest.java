package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.jocl.CL;
import org.jocl.cl_event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transfers between host memory and buffers, and commands from buffer to buffer. */
class TransferTest extends OpenClFixture {
  private static final long SLOT = StagingRing.SLOT_BYTES;

  private static byte[] randomBytes(long bytes) {
    byte[] values = new byte[(int) bytes];
    new Random(bytes).nextBytes(values);
    return values;
  }

  private byte[] readBytes(Buffer buffer) {
    byte[] values = new byte[(int) buffer.bytes()];
    queue.read(buffer, 0, MemorySegment.ofArray(values));
    return values;
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 63, 4097, SLOT - 1, SLOT, SLOT + 1, 3 * SLOT + 5, 11 * SLOT + 3})
  void heapBytesComeBack(long bytes) {
    byte[] values = randomBytes(bytes);
    try (Buffer buffer = context.allocate(bytes)) {
      queue.write(buffer, 0, MemorySegment.ofArray(values));
      assertThat(readBytes(buffer)).isEqualTo(values);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, SLOT, SLOT + 1, 5 * SLOT + 7})
  void nativeBytesComeBack(long bytes) {
    byte[] values = randomBytes(bytes);
    try (Arena arena = Arena.ofConfined();
        Buffer buffer = context.allocate(bytes)) {
      MemorySegment source = arena.allocate(bytes).copyFrom(MemorySegment.ofArray(values));
      MemorySegment target = arena.allocate(bytes);
      queue.write(buffer, 0, source.asReadOnly());
      queue.read(buffer, 0, target);
      assertThat(target.mismatch(source)).isEqualTo(-1);
    }
  }

  @Test
  void smallWriteWaitsForNoEarlierCommand() {
    Buffer buffer = bufferOf(0, 0);
    int[] value = {1, 2};
    cl_event gate = holdUp(queue);
    queue.write(buffer, 0, MemorySegment.ofArray(value)); // would hang if it waited
    value[0] = 99;
    open(gate);
    assertThat(read(buffer)).containsExactly(1, 2);
  }

  @Test
  void stagingMemoryIsNotReusedTooEarly() throws InterruptedException {
    int[] value = new int[50_000]; // a staging slot is full after five
    int writes = 60;
    Buffer buffer = context.allocate((long) writes * value.length * Integer.BYTES);
    cl_event gate = holdUp(queue);
    Thread writer =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < writes; i++) {
                Arrays.fill(value, i);
                long offset = (long) i * value.length * Integer.BYTES;
                queue.write(buffer, offset, MemorySegment.ofArray(value));
              }
            });
    writer.join(200); // it gets as far as the staging memory reaches
    assertThat(writer.isAlive()).isTrue();
    open(gate);
    writer.join();
    int[] expected = new int[writes * value.length];
    Arrays.setAll(expected, i -> i / value.length);
    assertThat(read(buffer)).isEqualTo(expected);
  }

  /** Holds up all commands enqueued from now on, until {@link #open}. */
  private cl_event holdUp(Queue held) {
    cl_event gate = CL.clCreateUserEvent(context.clContext(), new int[1]);
    CL.clEnqueueBarrierWithWaitList(held.clCommandQueue(), 1, new cl_event[] {gate}, null);
    return gate;
  }

  private static void open(cl_event gate) {
    CL.clSetUserEventStatus(gate, CL.CL_COMPLETE);
    CL.clReleaseEvent(gate);
  }

  @Test
  void offsetsSelectTheRange() {
    Buffer buffer = bufferOf(1, 2, 3, 4);
    queue.write(buffer, 4, MemorySegment.ofArray(new int[] {20, 30}));
    assertThat(read(buffer)).containsExactly(1, 20, 30, 4);
    int[] part = new int[2];
    queue.read(buffer, 8, MemorySegment.ofArray(part));
    assertThat(part).containsExactly(30, 4);
  }

  @Test
  void rangesOutsideAreRefused() {
    Buffer buffer = context.allocate(16);
    MemorySegment four = MemorySegment.ofArray(new byte[4]);
    for (long offset : new long[] {-1, 13, 17, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertThatThrownBy(() -> queue.write(buffer, offset, four))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageStartingWith("4 bytes at offset " + offset + " leave Buffer of 16 bytes");
      assertThatThrownBy(() -> queue.read(buffer, offset, four))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> queue.fill(buffer, offset, 4, (byte) 0))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> queue.copy(buffer, offset, buffer, 0, 4))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> queue.copy(buffer, 0, buffer, offset, 4))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    assertThatThrownBy(() -> queue.fill(buffer, 0, -1, (byte) 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> queue.fill(buffer, 8, Long.MAX_VALUE, (byte) 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void readOnlyTargetIsRefused() {
    Buffer buffer = context.allocate(4);
    MemorySegment target = MemorySegment.ofArray(new byte[4]).asReadOnly();
    assertThatThrownBy(() -> queue.read(buffer, 0, target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("target of 4 bytes is read-only");
  }

  @ParameterizedTest
  @ValueSource(longs = {8, 2 * SLOT})
  void closedArenaIsRefused(long bytes) {
    Buffer buffer = context.allocate(bytes);
    MemorySegment segment;
    try (Arena arena = Arena.ofShared()) {
      segment = arena.allocate(bytes);
    }
    assertThatThrownBy(() -> queue.write(buffer, 0, segment))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("arena that was closed");
    assertThatThrownBy(() -> queue.read(buffer, 0, segment))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("arena that was closed");
  }

  @ParameterizedTest
  @ValueSource(longs = {8, 2 * SLOT})
  void memoryOfAnotherThreadIsRefused(long bytes) throws InterruptedException {
    Buffer buffer = context.allocate(bytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(bytes);
      AtomicReference<RuntimeException> thrown = new AtomicReference<>();
      Thread other =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  queue.write(buffer, 0, segment);
                } catch (WrongThreadException e) {
                  thrown.set(e);
                }
              });
      other.join();
      assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
    }
    queue.finish(); // the queue and the buffer are still good
    queue.fill(buffer, 0, bytes, (byte) 1);
    assertThat(readBytes(buffer)).containsOnly(1);
  }

  @Test
  @SuppressWarnings("MustBeClosed") // closing them early is what this test is about
  void arenaCannotBeClosedDuringATransfer() throws InterruptedException {
    Buffer buffer = context.allocate(4);
    cl_event gate = holdUp(queue); // the read waits inside the driver
    Arena refused = null;
    List<Thread> readers = new ArrayList<>();
    for (long wait = 10; refused == null && wait < 20_000; wait *= 4) {
      Arena arena = Arena.ofShared();
      MemorySegment target = arena.allocate(4);
      readers.add(Thread.ofPlatform().start(() -> readUnlessClosed(buffer, target)));
      Thread.sleep(wait); // until the reader is inside the call
      try {
        arena.close();
      } catch (IllegalStateException e) {
        refused = arena;
      }
    }
    open(gate);
    for (Thread reader : readers) {
      reader.join();
    }
    if (refused == null) {
      throw new AssertionError("every arena could be closed under a reader");
    }
    refused.close();
  }

  private void readUnlessClosed(Buffer buffer, MemorySegment target) {
    try {
      queue.read(buffer, 0, target);
    } catch (IllegalStateException e) {
      assertThat(target.scope().isAlive()).isFalse(); // too late this time
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 4, 6, 8, 16, 48})
  void fillTouchesItsRangeOnly(long offset) {
    Buffer buffer = context.allocate(128);
    for (long bytes : new long[] {0, 1, 3, 8, 16, 33, 64}) {
      queue.fill(buffer, 0, 128, (byte) -1);
      queue.fill(buffer, offset, bytes, (byte) 5);
      byte[] expected = new byte[128];
      Arrays.fill(expected, (byte) -1);
      Arrays.fill(expected, (int) offset, (int) (offset + bytes), (byte) 5);
      assertThat(readBytes(buffer)).isEqualTo(expected);
    }
  }

  @Test
  void copyMovesBetweenAndWithinBuffers() {
    Buffer source = bufferOf(1, 2, 3, 4);
    Buffer target = bufferOf(0, 0, 0, 0);
    queue.copy(source, 4, target, 8, 8);
    assertThat(read(target)).containsExactly(0, 0, 2, 3);
    queue.copy(target, 8, target, 0, 8);
    assertThat(read(target)).containsExactly(2, 3, 2, 3);
    queue.copy(source, 0, target, 0, 0);
    assertThatThrownBy(() -> queue.copy(source, 0, source, 4, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("overlap");
  }

  @Test
  void bufferOfAnotherContextIsRefused() {
    try (Context other = Context.open(context.device())) {
      Buffer foreign = other.allocate(4);
      assertThatThrownBy(() -> queue.fill(foreign, 0, 4, (byte) 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another context");
    }
  }
}
