package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Buffers that do not fit are refused before the driver is asked. */
class MemoryBudgetTest extends OpenClFixture {
  @Test
  void bufferOverTheAllocationLimitNamesBothSizes() {
    long limit = context.device().maxAllocationBytes();
    long live = LiveObjects.count();
    assertThatThrownBy(() -> context.allocate(limit + 1))
        .isInstanceOfSatisfying(
            DeviceMemoryException.class,
            e -> {
              assertThat(e.neededBytes()).isEqualTo(limit + 1);
              assertThat(e.availableBytes()).isEqualTo(limit);
              assertThat(e.status()).isEqualTo(-61);
              assertThat(e)
                  .hasMessageContaining(limit + 1 + " bytes is needed")
                  .hasMessageContaining("allows " + limit + " bytes");
            });
    assertThatThrownBy(() -> context.allocate(Long.MAX_VALUE))
        .isInstanceOf(DeviceMemoryException.class);
    assertThat(LiveObjects.count()).isEqualTo(live);
    assertThat(context.availableBytes()).isEqualTo(context.device().globalMemoryBytes());
  }

  @Test
  void openBuffersCountAgainstTheDeviceMemory() {
    Device device = context.device();
    MemoryBudget budget = new MemoryBudget(device);
    long piece = device.maxAllocationBytes();
    long left = device.globalMemoryBytes();
    while (left >= piece) {
      budget.reserve(piece);
      left -= piece;
    }
    long needed = left + 1;
    if (needed <= piece) {
      assertThatThrownBy(() -> budget.reserve(needed))
          .isInstanceOf(DeviceMemoryException.class)
          .hasMessageContaining("CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)")
          .hasMessageContaining(needed + " bytes is needed, " + (needed - 1) + " of the");
    }
    assertThat(budget.availableBytes()).isEqualTo(left);
    budget.release(piece);
    assertThat(budget.availableBytes()).isEqualTo(left + piece);
    budget.reserve(needed);
  }

  @Test
  void closedBufferGivesItsBytesBack() {
    long before = context.availableBytes();
    Buffer buffer = context.allocate(1000);
    assertThat(context.availableBytes()).isEqualTo(before - 1000);
    buffer.close();
    assertThat(context.availableBytes()).isEqualTo(before);
  }

  @Test
  void negativeSizeIsRefused() {
    assertThatThrownBy(() -> context.allocate(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bytes = -1");
  }
}
