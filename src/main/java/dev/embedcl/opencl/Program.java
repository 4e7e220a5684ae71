package dev.embedcl.opencl;

import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jocl.CL;
import org.jocl.NativePointerObject;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_program;

/** A compiled OpenCL C program. Thread-safe. */
public final class Program extends NativeObject {
  private final Context context;
  private final cl_program id;
  private final String source;
  private final String options;
  private final ConcurrentHashMap<String, KernelPool> pools = new ConcurrentHashMap<>();

  private Program(Context context, cl_program id, String source, String options) {
    this.context = context;
    this.id = id;
    this.source = source;
    this.options = options;
  }

  /**
   * Compiles a program, owned by the context. {@link Context#program} does it once per source and
   * options.
   *
   * @param source OpenCL C
   * @param options the compiler's options
   * @throws ProgramBuildException if the source does not compile
   * @throws OpenClException if the driver fails otherwise
   * @throws IllegalStateException if the context was closed
   */
  public static Program build(Context context, String source, String options) {
    Objects.requireNonNull(options, "options");
    String[] sources = {Objects.requireNonNull(source, "source")};
    context.enter();
    try {
      cl_program id =
          JoclCall.create(
              "clCreateProgramWithSource",
              status -> CL.clCreateProgramWithSource(context.id(), 1, sources, null, status));
      Program program = context.adopt(new Program(context, id, source, options));
      try {
        program.compile();
      } catch (RuntimeException | Error e) {
        program.close();
        throw e;
      }
      return program;
    } finally {
      context.leave();
    }
  }

  private void compile() {
    cl_device_id[] devices = {context.device().clDeviceId()};
    int status = JoclCall.status(() -> CL.clBuildProgram(id, 1, devices, options, null, null));
    if (status != StatusCode.SUCCESS) {
      throw new ProgramBuildException(status, context.device(), options, log());
    }
  }

  /** Returns the source, as it was handed to the compiler. */
  public String source() {
    return source;
  }

  /** Returns the compiler's options. */
  public String options() {
    return options;
  }

  /**
   * Returns what the compiler said, warnings included; empty if nothing.
   *
   * @throws IllegalStateException if this program was closed
   */
  public String log() {
    enter();
    try {
      return new InfoQuery(
              "clGetProgramBuildInfo",
              (parameter, bytes, value, returned) ->
                  CL.clGetProgramBuildInfo(
                      id, context.device().clDeviceId(), parameter, bytes, value, returned))
          .text(CL.CL_PROGRAM_BUILD_LOG);
    } finally {
      leave();
    }
  }

  /**
   * Returns the program as the driver compiled it for the context's device, in a format of the
   * driver's own.
   *
   * @throws IllegalStateException if this program was closed
   * @throws OpenClException if the driver reports an error
   */
  public byte[] binary() {
    enter();
    try {
      int devices = (int) info().number(CL.CL_PROGRAM_NUM_DEVICES);
      cl_device_id[] ids = new cl_device_id[devices];
      long[] sizes = new long[devices];
      get(CL.CL_PROGRAM_DEVICES, (long) devices * Long.BYTES, pointersTo(ids));
      get(CL.CL_PROGRAM_BINARY_SIZES, (long) devices * Long.BYTES, Pointer.to(sizes));
      byte[][] binaries = new byte[devices][];
      NativePointerObject[] pointers = new NativePointerObject[devices];
      int ours = 0;
      for (int i = 0; i < devices; i++) {
        // JOCL cannot point at an empty array.
        binaries[i] = new byte[Math.max(1, Math.toIntExact(sizes[i]))];
        pointers[i] = Pointer.to(binaries[i]);
        if (ids[i].getNativePointer() == context.device().clDeviceId().getNativePointer()) {
          ours = i;
        }
      }
      get(CL.CL_PROGRAM_BINARIES, (long) devices * Long.BYTES, Pointer.to(pointers));
      return sizes[ours] == 0 ? new byte[0] : binaries[ours];
    } finally {
      leave();
    }
  }

  private static Pointer pointersTo(cl_device_id[] ids) {
    for (int i = 0; i < ids.length; i++) {
      ids[i] = new cl_device_id();
    }
    return Pointer.to(ids);
  }

  private void get(int parameter, long bytes, Pointer value) {
    JoclCall.check(
        "clGetProgramInfo", () -> CL.clGetProgramInfo(id, parameter, bytes, value, null));
  }

  private InfoQuery info() {
    return new InfoQuery(
        "clGetProgramInfo",
        (parameter, bytes, value, returned) ->
            CL.clGetProgramInfo(id, parameter, bytes, value, returned));
  }

  /**
   * Makes a kernel, owned by the context. {@link #kernels} is the better choice where several
   * threads launch it.
   *
   * @throws OpenClException if the program has no kernel of that name
   * @throws IllegalStateException if this program or its context was closed
   */
  public Kernel kernel(String name) {
    Objects.requireNonNull(name, "name");
    context.enter();
    try {
      enter();
      try {
        return context.adopt(Kernel.create(this, id, name));
      } finally {
        leave();
      }
    } finally {
      context.leave();
    }
  }

  /** Returns the pool of the kernels of one name; the same one for everybody who asks. */
  public KernelPool kernels(String name) {
    checkOpen();
    return pools.computeIfAbsent(name, kernel -> new KernelPool(this, kernel));
  }

  /** Returns the context. */
  public Context context() {
    return context;
  }

  @Override
  void destroy() {
    Failures failures = new Failures();
    pools.values().forEach(pool -> failures.run(pool::close));
    failures.run(() -> JoclCall.check("clReleaseProgram", () -> CL.clReleaseProgram(id)));
    context.forget(this);
    failures.rethrow();
  }

  @Override
  public String toString() {
    return "Program 0x" + Long.toHexString(id.getNativePointer());
  }
}
