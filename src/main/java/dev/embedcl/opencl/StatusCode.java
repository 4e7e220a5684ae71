package dev.embedcl.opencl;

import java.util.Map;

/** The status codes of OpenCL: the symbol of each number and, where one is known, what helps. */
public final class StatusCode {
  /** The call did what it should. */
  public static final int SUCCESS = 0;

  static final int DEVICE_NOT_FOUND = -1;
  static final int MEM_OBJECT_ALLOCATION_FAILURE = -4;
  static final int PROFILING_INFO_NOT_AVAILABLE = -7;
  static final int BUILD_PROGRAM_FAILURE = -11;
  static final int INVALID_BUFFER_SIZE = -61;
  static final int PLATFORM_NOT_FOUND_KHR = -1001;

  private static final Map<Integer, String> SYMBOLS =
      Map.ofEntries(
          Map.entry(SUCCESS, "CL_SUCCESS"),
          Map.entry(DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND"),
          Map.entry(-2, "CL_DEVICE_NOT_AVAILABLE"),
          Map.entry(-3, "CL_COMPILER_NOT_AVAILABLE"),
          Map.entry(MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"),
          Map.entry(-5, "CL_OUT_OF_RESOURCES"),
          Map.entry(-6, "CL_OUT_OF_HOST_MEMORY"),
          Map.entry(PROFILING_INFO_NOT_AVAILABLE, "CL_PROFILING_INFO_NOT_AVAILABLE"),
          Map.entry(-8, "CL_MEM_COPY_OVERLAP"),
          Map.entry(-9, "CL_IMAGE_FORMAT_MISMATCH"),
          Map.entry(-10, "CL_IMAGE_FORMAT_NOT_SUPPORTED"),
          Map.entry(BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE"),
          Map.entry(-12, "CL_MAP_FAILURE"),
          Map.entry(-13, "CL_MISALIGNED_SUB_BUFFER_OFFSET"),
          Map.entry(-14, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"),
          Map.entry(-15, "CL_COMPILE_PROGRAM_FAILURE"),
          Map.entry(-16, "CL_LINKER_NOT_AVAILABLE"),
          Map.entry(-17, "CL_LINK_PROGRAM_FAILURE"),
          Map.entry(-18, "CL_DEVICE_PARTITION_FAILED"),
          Map.entry(-19, "CL_KERNEL_ARG_INFO_NOT_AVAILABLE"),
          Map.entry(-30, "CL_INVALID_VALUE"),
          Map.entry(-31, "CL_INVALID_DEVICE_TYPE"),
          Map.entry(-32, "CL_INVALID_PLATFORM"),
          Map.entry(-33, "CL_INVALID_DEVICE"),
          Map.entry(-34, "CL_INVALID_CONTEXT"),
          Map.entry(-35, "CL_INVALID_QUEUE_PROPERTIES"),
          Map.entry(-36, "CL_INVALID_COMMAND_QUEUE"),
          Map.entry(-37, "CL_INVALID_HOST_PTR"),
          Map.entry(-38, "CL_INVALID_MEM_OBJECT"),
          Map.entry(-39, "CL_INVALID_IMAGE_FORMAT_DESCRIPTOR"),
          Map.entry(-40, "CL_INVALID_IMAGE_SIZE"),
          Map.entry(-41, "CL_INVALID_SAMPLER"),
          Map.entry(-42, "CL_INVALID_BINARY"),
          Map.entry(-43, "CL_INVALID_BUILD_OPTIONS"),
          Map.entry(-44, "CL_INVALID_PROGRAM"),
          Map.entry(-45, "CL_INVALID_PROGRAM_EXECUTABLE"),
          Map.entry(-46, "CL_INVALID_KERNEL_NAME"),
          Map.entry(-47, "CL_INVALID_KERNEL_DEFINITION"),
          Map.entry(-48, "CL_INVALID_KERNEL"),
          Map.entry(-49, "CL_INVALID_ARG_INDEX"),
          Map.entry(-50, "CL_INVALID_ARG_VALUE"),
          Map.entry(-51, "CL_INVALID_ARG_SIZE"),
          Map.entry(-52, "CL_INVALID_KERNEL_ARGS"),
          Map.entry(-53, "CL_INVALID_WORK_DIMENSION"),
          Map.entry(-54, "CL_INVALID_WORK_GROUP_SIZE"),
          Map.entry(-55, "CL_INVALID_WORK_ITEM_SIZE"),
          Map.entry(-56, "CL_INVALID_GLOBAL_OFFSET"),
          Map.entry(-57, "CL_INVALID_EVENT_WAIT_LIST"),
          Map.entry(-58, "CL_INVALID_EVENT"),
          Map.entry(-59, "CL_INVALID_OPERATION"),
          Map.entry(-60, "CL_INVALID_GL_OBJECT"),
          Map.entry(INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE"),
          Map.entry(-62, "CL_INVALID_MIP_LEVEL"),
          Map.entry(-63, "CL_INVALID_GLOBAL_WORK_SIZE"),
          Map.entry(-64, "CL_INVALID_PROPERTY"),
          Map.entry(-65, "CL_INVALID_IMAGE_DESCRIPTOR"),
          Map.entry(-66, "CL_INVALID_COMPILER_OPTIONS"),
          Map.entry(-67, "CL_INVALID_LINKER_OPTIONS"),
          Map.entry(-68, "CL_INVALID_DEVICE_PARTITION_COUNT"),
          Map.entry(-69, "CL_INVALID_PIPE_SIZE"),
          Map.entry(-70, "CL_INVALID_DEVICE_QUEUE"),
          Map.entry(-71, "CL_INVALID_SPEC_ID"),
          Map.entry(-72, "CL_MAX_SIZE_RESTRICTION_EXCEEDED"),
          Map.entry(-1000, "CL_INVALID_GL_SHAREGROUP_REFERENCE_KHR"),
          Map.entry(PLATFORM_NOT_FOUND_KHR, "CL_PLATFORM_NOT_FOUND_KHR"),
          Map.entry(-9999, "NVIDIA_ILLEGAL_BUFFER_ACCESS"),
          Map.entry(-16384, "CL_JOCL_INTERNAL_ERROR"));

  private static final Map<Integer, String> CURES =
      Map.ofEntries(
          Map.entry(
              DEVICE_NOT_FOUND,
              "the platform has no usable device: check the driver, and for PoCL that its kernel"
                  + " cache (POCL_CACHE_DIR, else ~/.cache/pocl) can be written"),
          Map.entry(-2, "the device is in use or switched off: name another device"),
          Map.entry(-3, "the driver cannot compile OpenCL C: install its compiler package"),
          Map.entry(
              MEM_OBJECT_ALLOCATION_FAILURE,
              "device memory is exhausted: close unused buffers or use smaller tables"),
          Map.entry(
              -5,
              "the device ran out of memory, registers or local memory, or a kernel failed: try a"
                  + " smaller batch, and check that no other process fills the device"),
          Map.entry(-6, "host memory is exhausted: free memory or use smaller tables"),
          Map.entry(
              PROFILING_INFO_NOT_AVAILABLE,
              "open the queue with profiling, and wait for the event before asking"),
          Map.entry(-8, "source and target of the copy overlap: copy through another buffer"),
          Map.entry(BUILD_PROGRAM_FAILURE, "see the build log"),
          Map.entry(
              -36, "the driver lost the queue, often after a failed kernel: use a new context"),
          Map.entry(-43, "the compiler does not know one of the build options"),
          Map.entry(-46, "the program has no kernel of that name"),
          Map.entry(-49, "the kernel has fewer arguments"),
          Map.entry(-51, "the argument has another type in the kernel's source"),
          Map.entry(-52, "set every argument of the kernel before the launch"),
          Map.entry(
              -54,
              "use a local size that divides the global size and does not exceed"
                  + " Kernel.workGroupSize(device), or null"),
          Map.entry(-55, "a local size exceeds the device's limit in that dimension"),
          Map.entry(INVALID_BUFFER_SIZE, "the size is 0 or over Device.maxAllocationBytes()"),
          Map.entry(
              PLATFORM_NOT_FOUND_KHR,
              "no OpenCL driver is registered: install one (PoCL runs on any CPU) and check"
                  + " OCL_ICD_VENDORS"),
          Map.entry(-9999, "a kernel read or wrote outside of its buffers"));

  private StatusCode() {}

  /** Returns the symbol of a status code, {@code "unknown status"} if OpenCL defines none. */
  public static String symbol(int status) {
    return SYMBOLS.getOrDefault(status, "unknown status");
  }

  /** Returns what usually helps against a status code, an empty string if nothing is known. */
  public static String cure(int status) {
    return CURES.getOrDefault(status, "");
  }
}
