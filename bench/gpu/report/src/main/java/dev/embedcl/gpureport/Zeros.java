package dev.embedcl.gpureport;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.backend.opencl.OpenClBuffer;
import dev.embedcl.memory.DeviceBuffer;

/** Fills buffers with zeros: on a device by the driver's own command. */
final class Zeros {
  private Zeros() {}

  static void fill(Backend backend, DeviceBuffer buffer) {
    if (backend instanceof OpenClBackend openCl && buffer instanceof OpenClBuffer ofDevice) {
      openCl.queue().fill(ofDevice.buffer(), 0, ofDevice.buffer().bytes(), (byte) 0);
    } else {
      try (DeviceBuffer.Mapping mapping = buffer.map(DeviceBuffer.MapMode.READ_WRITE)) {
        mapping.segment().fill((byte) 0);
      }
    }
  }
}
