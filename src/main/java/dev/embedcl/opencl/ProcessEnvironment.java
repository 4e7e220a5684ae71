package dev.embedcl.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The environment that native libraries see; Java's {@link System#getenv} is a copy of it. */
final class ProcessEnvironment {
  private ProcessEnvironment() {}

  /**
   * Sets an environment variable unless it is set. Does nothing where the C library has no {@code
   * setenv} (Windows, where no driver needs it).
   *
   * @throws IllegalCallerException if native access is denied
   */
  static void setIfAbsent(String name, String value) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> address = linker.defaultLookup().find("setenv");
    if (address.isEmpty()) {
      return;
    }
    MethodHandle setenv =
        linker.downcallHandle(
            address.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int status = (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
      if (status != 0) {
        throw new UnsatisfiedLinkError("setenv(" + name + ") failed with " + status);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("setenv threw a checked exception", e);
    }
  }
}
