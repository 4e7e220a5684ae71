package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes that are staged in memory of the driver's arrive as others do, and it is given back. */
class PinnedStagingTest extends OpenClFixture {
  private static final long SLOT = StagingRing.SLOT_BYTES;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bytesComeBackThroughEverySlot(boolean aside) {
    queue.pinStaging(true);
    queue.uploadAside(aside ? 0 : Long.MAX_VALUE);
    byte[] values = new byte[(int) (2 * StagingRing.SLOTS * SLOT) + 3];
    new Random(1).nextBytes(values);
    byte[] back = new byte[values.length];
    try (Buffer buffer = context.allocate(values.length)) {
      queue.write(buffer, 0, MemorySegment.ofArray(values));
      queue.read(buffer, 0, MemorySegment.ofArray(back));
    }
    assertThat(back).isEqualTo(values);
  }

  @Test
  void pinnedMemoryIsMadeOnceAndGivenBackWithTheQueue() {
    final long before = LiveObjects.count();
    final long available = context.availableBytes();
    try (Queue own = Queue.open(context, false);
        Buffer buffer = context.allocate(4)) {
      own.pinStaging(true);
      assertThat(context.availableBytes()).isEqualTo(available - 4);
      for (int i = 0; i < 5; i++) {
        own.write(buffer, 0, MemorySegment.ofArray(new int[] {i}));
      }
      assertThat(context.availableBytes())
          .isEqualTo(available - 4 - StagingRing.SLOTS * StagingRing.SLOT_BYTES);
      int[] back = new int[1];
      own.read(buffer, 0, MemorySegment.ofArray(back));
      assertThat(back).containsExactly(4);
    }
    assertThat(context.availableBytes()).isEqualTo(available);
    assertThat(LiveObjects.count()).isEqualTo(before);
  }

  @Test
  void closingTheContextGivesPinnedMemoryBack() {
    final long before = LiveObjects.count();
    Context own = Context.open(context.device());
    Queue ownQueue = Queue.open(own, false);
    ownQueue.pinStaging(true);
    Buffer buffer = own.allocate(SLOT);
    for (int i = 0; i < 9; i++) { // more than the slots hold, and still in flight
      ownQueue.write(buffer, 0, MemorySegment.ofArray(new byte[(int) SLOT]));
    }
    own.close();
    assertThat(LiveObjects.count()).isEqualTo(before);
  }

  @Test
  void writesPassThroughMemoryOfTheProcessWhereTheDeviceHasNoneLeft() {
    try (Context own = Context.open(context.device());
        Queue ownQueue = Queue.open(own, false)) {
      ownQueue.pinStaging(true);
      Buffer last = own.allocate(4);
      while (own.availableBytes() > SLOT) { // never touched, so no system provides it
        own.allocate(Math.min(own.availableBytes() - SLOT, own.device().maxAllocationBytes()));
      }
      ownQueue.write(last, 0, MemorySegment.ofArray(new int[] {7}));
      int[] back = new int[1];
      ownQueue.read(last, 0, MemorySegment.ofArray(back));
      assertThat(back).containsExactly(7);
      assertThat(own.availableBytes()).isEqualTo(SLOT);
    }
  }
}
