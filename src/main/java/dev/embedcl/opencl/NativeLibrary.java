package dev.embedcl.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Locale;

/** The OpenCL library that JOCL loaded, for the foreign-function interface. */
final class NativeLibrary {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LIBRARY = openLibrary();

  private NativeLibrary() {}

  /** Returns a function of the library as a method handle. */
  static MethodHandle bind(String function, FunctionDescriptor type) {
    return LINKER.downcallHandle(require(function), type);
  }

  /**
   * Returns a function of the library.
   *
   * @throws UnsatisfiedLinkError if it has none of that name
   */
  static MemorySegment require(String function) {
    return LIBRARY
        .find(function)
        .orElseThrow(() -> new UnsatisfiedLinkError("libOpenCL has no " + function));
  }

  private static SymbolLookup openLibrary() {
    if (ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
      throw new UnsatisfiedLinkError("a 64-bit Java is needed");
    }
    IllegalArgumentException failure = null;
    for (String name : libraryNames()) {
      try {
        return SymbolLookup.libraryLookup(name, Arena.global());
      } catch (IllegalArgumentException e) {
        failure = e;
      }
    }
    UnsatisfiedLinkError error = new UnsatisfiedLinkError("libOpenCL cannot be loaded");
    if (failure != null) {
      error.initCause(failure);
    }
    throw error;
  }

  /** The names under which JOCL loads the library, so that both get the same one. */
  private static List<String> libraryNames() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    if (system.startsWith("mac")) {
      return List.of(
          "/System/Library/Frameworks/OpenCL.framework/Versions/Current/OpenCL", "libOpenCL.dylib");
    }
    return system.startsWith("windows")
        ? List.of("OpenCL.dll")
        : List.of("libOpenCL.so.1", "libOpenCL.so");
  }
}
