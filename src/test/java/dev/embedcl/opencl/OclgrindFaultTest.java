package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jocl.CL.CL_MEM_READ_WRITE;
import static org.jocl.CL.CL_SUCCESS;
import static org.jocl.CL.clBuildProgram;
import static org.jocl.CL.clCreateBuffer;
import static org.jocl.CL.clCreateCommandQueue;
import static org.jocl.CL.clCreateContext;
import static org.jocl.CL.clCreateKernel;
import static org.jocl.CL.clCreateProgramWithSource;
import static org.jocl.CL.clEnqueueNDRangeKernel;
import static org.jocl.CL.clFinish;
import static org.jocl.CL.clGetDeviceIDs;
import static org.jocl.CL.clGetDeviceInfo;
import static org.jocl.CL.clGetPlatformIDs;
import static org.jocl.CL.clReleaseCommandQueue;
import static org.jocl.CL.clReleaseContext;
import static org.jocl.CL.clReleaseKernel;
import static org.jocl.CL.clReleaseMemObject;
import static org.jocl.CL.clReleaseProgram;
import static org.jocl.CL.clSetKernelArg;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Launches a kernel that writes past the end of its buffer, for ci/oclgrind to find in the
 * checker's log. It speaks to OpenCL directly, below every check of ours, and refuses every device
 * but the simulator: elsewhere such a write corrupts memory.
 */
final class OclgrindFaultTest {

  private static final int ELEMENTS = 64;

  @Test
  @Tag("oclgrind-fault")
  void plantedFaultRunsOnTheSimulator() throws IOException {
    cl_platform_id[] platforms = new cl_platform_id[1];
    check("clGetPlatformIDs", clGetPlatformIDs(1, platforms, null));
    cl_device_id[] devices = new cl_device_id[1];
    check("clGetDeviceIDs", clGetDeviceIDs(platforms[0], CL.CL_DEVICE_TYPE_CPU, 1, devices, null));
    assertThat(name(devices[0])).startsWith("Oclgrind");

    cl_context context = clCreateContext(null, 1, devices, null, null, null);
    cl_command_queue queue = openQueue(context, devices[0]);
    cl_program program = clCreateProgramWithSource(context, 1, new String[] {source()}, null, null);
    check("clBuildProgram", clBuildProgram(program, 0, null, null, null, null));
    cl_kernel kernel = clCreateKernel(program, "planted_fault", null);
    cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, 4L * ELEMENTS, null, null);
    check("clSetKernelArg", clSetKernelArg(kernel, 0, Sizeof.cl_mem, Pointer.to(buffer)));
    check("clSetKernelArg", clSetKernelArg(kernel, 1, 4, Pointer.to(new int[] {ELEMENTS})));
    long[] globalWorkSize = {ELEMENTS};
    check(
        "clEnqueueNDRangeKernel",
        clEnqueueNDRangeKernel(queue, kernel, 1, null, globalWorkSize, null, 0, null, null));
    check("clFinish", clFinish(queue));

    clReleaseMemObject(buffer);
    clReleaseKernel(kernel);
    clReleaseProgram(program);
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
  }

  /** The simulator offers OpenCL 1.2, which has no newer call. */
  @SuppressWarnings("deprecation")
  private static cl_command_queue openQueue(cl_context context, cl_device_id device) {
    return clCreateCommandQueue(context, device, 0, null);
  }

  private static String name(cl_device_id device) {
    byte[] name = new byte[256];
    long[] bytes = new long[1];
    check(
        "clGetDeviceInfo",
        clGetDeviceInfo(device, CL.CL_DEVICE_NAME, name.length, Pointer.to(name), bytes));
    return new String(name, 0, (int) bytes[0] - 1, StandardCharsets.UTF_8);
  }

  private static String source() throws IOException {
    try (InputStream file = OclgrindFaultTest.class.getResourceAsStream("planted_fault.cl")) {
      return new String(
          Objects.requireNonNull(file, "planted_fault.cl").readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void check(String call, int status) {
    assertThat(status).as("status of %s", call).isEqualTo(CL_SUCCESS);
  }
}
