package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A context and a queue for every test, and the proof that nothing native is left behind. */
abstract class OpenClFixture {
  Context context;
  Queue queue;
  private long liveBefore;

  @BeforeEach
  final void openContext() {
    Device device = OpenClTestDevice.require();
    liveBefore = LiveObjects.count();
    context = Context.open(device);
    queue = Queue.open(context, true);
  }

  @AfterEach
  final void closeContextAndCount() {
    if (context != null) { // null where the test was skipped
      context.close();
      assertThat(LiveObjects.count()).as("live native objects").isEqualTo(liveBefore);
    }
  }

  final Buffer bufferOf(int... values) {
    Buffer buffer = context.allocate((long) values.length * Integer.BYTES);
    queue.write(buffer, 0, MemorySegment.ofArray(values));
    return buffer;
  }

  final int[] read(Buffer buffer) {
    int[] values = new int[(int) (buffer.bytes() / Integer.BYTES)];
    queue.read(buffer, 0, MemorySegment.ofArray(values));
    return values;
  }
}
