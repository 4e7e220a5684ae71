package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Platforms, devices and their properties. */
class DeviceTest {
  private final Device device = OpenClTestDevice.require();

  @Test
  void propertiesAreThere() {
    assertThat(device.name()).isNotBlank();
    assertThat(device.vendor()).isNotBlank();
    assertThat(device.driverVersion()).isNotBlank();
    assertThat(device.version()).startsWith("OpenCL ");
    assertThat(device.openClCVersion()).startsWith("OpenCL C ");
    assertThat(device.globalMemoryBytes()).isGreaterThan(1 << 20);
    assertThat(device.maxAllocationBytes()).isBetween(1L << 20, device.globalMemoryBytes());
    assertThat(device.localMemoryBytes()).isPositive();
    assertThat(device.computeUnits()).isPositive();
    assertThat(device.maxWorkGroupSize()).isPositive();
    assertThat(device.extensions()).contains("cl_khr_global_int32_base_atomics");
    assertThat(device.baseAddressAlignmentBytes()).isBetween(16, 4096);
    assertThat(device.available()).isTrue();
    assertThat(device.compilerAvailable()).isTrue();
  }

  @Test
  void cpuSharesTheHostsMemory() {
    if (device.type() == DeviceType.CPU) {
      assertThat(device.hostUnifiedMemory()).isTrue();
    }
  }

  @Test
  void indicesLeadBackToTheDevice() {
    Platform platform = OpenClLibrary.platforms().get(device.platform().index());
    assertThat(platform).isEqualTo(device.platform()).hasSameHashCodeAs(device.platform());
    assertThat(platform.devices().get(device.index())).isEqualTo(device).hasSameHashCodeAs(device);
    assertThat(platform.name()).isNotBlank();
    assertThat(platform.vendor()).isNotBlank();
    assertThat(platform.version()).startsWith("OpenCL ");
    assertThat(device).hasToString("Device 0." + device.index() + " (" + device.name() + ")");
  }

  @Test
  void handleLeadsBackToTheDevice() {
    Device wrapped = Device.wrap(device.clDeviceId());
    assertThat(wrapped).isEqualTo(device);
    assertThat(wrapped.index()).isEqualTo(device.index());
  }

  @Test
  void typeIsReadFromBits() {
    assertThat(DeviceType.of(4)).isEqualTo(DeviceType.GPU);
    assertThat(DeviceType.of(4 | 1)).isEqualTo(DeviceType.GPU);
    assertThat(DeviceType.of(2 | 1)).isEqualTo(DeviceType.CPU);
    assertThat(DeviceType.of(8)).isEqualTo(DeviceType.ACCELERATOR);
    assertThat(DeviceType.of(16)).isEqualTo(DeviceType.CUSTOM);
    assertThat(DeviceType.of(1 << 30)).isEqualTo(DeviceType.CUSTOM);
  }

  @Test
  void statusCodesHaveSymbolAndCure() {
    assertThat(new OpenClException("clFinish", -5))
        .hasMessageStartingWith("clFinish returned CL_OUT_OF_RESOURCES (-5): ")
        .hasMessageContaining("smaller batch");
    assertThat(new OpenClException("clFinish", -58))
        .hasMessage("clFinish returned CL_INVALID_EVENT (-58)");
    assertThat(new OpenClException("clFinish", -4711))
        .hasMessage("clFinish returned unknown status (-4711)");
    assertThat(StatusCode.symbol(-1001)).isEqualTo("CL_PLATFORM_NOT_FOUND_KHR");
    assertThatThrownBy(() -> JoclCall.check("clFlush", -36))
        .isInstanceOf(OpenClException.class)
        .hasMessageContaining("CL_INVALID_COMMAND_QUEUE");
  }
}
