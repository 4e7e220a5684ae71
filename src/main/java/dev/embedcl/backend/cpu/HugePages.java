package dev.embedcl.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Memory on pages of 2 MiB, where Linux gives them to those who ask. The rows of a batch lie all
 * over a table; on small pages nearly every one of them costs a walk through the page tables, a
 * fifth of the time of a forward pass where it was measured.
 *
 * <p>Freed memory is kept for the next who needs as much: new pages have to be zeroed by the system
 * first, which takes longer than most passes that fill them. Until then the system may take the
 * pages for others.
 *
 * <p>Needs native access, and is left out without a word where that is not enabled: the numbers are
 * the same.
 */
final class HugePages {
  private static final long PAGE_BYTES = 2L << 20;

  /** Smaller buffers would waste more than they gain. */
  private static final long WORTHWHILE_BYTES = 2 * PAGE_BYTES;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_FREE = 8;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_POPULATE_WRITE = 23;
  private static final long MAP_FAILED = -1;

  private static final @Nullable HugePages LINUX = load();
  private static final FreedMemory<Pages> FREED =
      new FreedMemory<>(CpuMemory.physicalBytes() / 8, Integer.MAX_VALUE);

  private final MethodHandle mmap;
  private final MethodHandle madvise;
  private final MethodHandle munmap;

  private HugePages(Linker linker) {
    this.mmap =
        handle(
            linker,
            "mmap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG));
    this.madvise =
        handle(
            linker,
            "madvise",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT));
    this.munmap =
        handle(
            linker,
            "munmap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  }

  /**
   * What one call mapped, and the whole pages in it.
   *
   * @param mapped the address of the mapping
   * @param mappedBytes its size
   * @param start the address of the first whole page
   * @param bytes the size of the whole pages
   */
  private record Pages(long mapped, long mappedBytes, long start, long bytes)
      implements FreedMemory.Stretch {}

  /**
   * Allocates memory; empty where huge pages are not to be had or not worth it.
   *
   * @param zeroed whether the memory has to be zero-filled, or may hold anything
   */
  static Optional<CpuBlock> allocate(long bytes, boolean zeroed) {
    return LINUX == null || bytes < WORTHWHILE_BYTES || bytes > Long.MAX_VALUE - 2 * PAGE_BYTES
        ? Optional.empty()
        : LINUX.map(bytes, zeroed);
  }

  private Optional<CpuBlock> map(long bytes, boolean zeroed) {
    long pageBytes = Math.ceilDiv(bytes, PAGE_BYTES) * PAGE_BYTES;
    Pages freed = FREED.take(pageBytes);
    if (freed != null) {
      Block block = new Block(freed, bytes);
      if (zeroed) {
        block.segment.fill((byte) 0);
      }
      return Optional.of(block);
    }
    try {
      // One page more than needed, so that an aligned stretch of the size lies within.
      final long mappedBytes = pageBytes + PAGE_BYTES;
      final long mapped =
          (long) mmap.invokeExact(0L, mappedBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      if (mapped == MAP_FAILED) {
        return Optional.empty();
      }
      long start = Math.ceilDiv(mapped, PAGE_BYTES) * PAGE_BYTES;
      Block block = new Block(new Pages(mapped, mappedBytes, start, pageBytes), bytes);
      // A refusal leaves small pages, which serve as well.
      int ignored = (int) madvise.invokeExact(start, pageBytes, MADV_HUGEPAGE);
      // Taken from the system now: what it has promised and cannot give should not fail later. New
      // pages are zeros. Before Linux 5.14 there is no such advice.
      int status = (int) madvise.invokeExact(start, pageBytes, MADV_POPULATE_WRITE);
      if (status != 0) {
        block.segment.fill((byte) 0);
      }
      return Optional.of(block);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("mmap and madvise throw nothing", e);
    }
  }

  /** Pages in use. */
  private final class Block implements CpuBlock {
    private final Pages pages;
    private final MemorySegment segment;
    private @Nullable Arena guard;

    Block(Pages pages, long bytes) {
      this.pages = pages;
      this.segment = MemorySegment.ofAddress(pages.start()).reinterpret(bytes);
    }

    @Override
    public MemorySegment segment() {
      return segment;
    }

    @Override
    @SuppressWarnings("MustBeClosed") // free closes it
    public MemorySegment mapped() {
      if (guard == null) {
        guard = Arena.ofShared();
      }
      return segment.reinterpret(guard, null);
    }

    @Override
    public void free() {
      if (guard != null) {
        CpuBlock.close(guard);
      }
      recycle(pages);
    }
  }

  /** Keeps pages for the next who asks, and lets the system have them if it needs memory. */
  private void recycle(Pages pages) {
    try {
      int ignored = (int) madvise.invokeExact(pages.start(), pages.bytes(), MADV_FREE);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("madvise throws nothing", e);
    }
    for (Pages old : FREED.keep(pages)) {
      unmap(old.mapped(), old.mappedBytes());
    }
  }

  private void unmap(long address, long bytes) {
    try {
      int ignored = (int) munmap.invokeExact(address, bytes);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("munmap throws nothing", e);
    }
  }

  private static @Nullable HugePages load() {
    boolean linux = System.getProperty("os.name").equals("Linux");
    if (!linux || !HugePages.class.getModule().isNativeAccessEnabled()) {
      return null;
    }
    try {
      return new HugePages(Linker.nativeLinker());
    } catch (UnsupportedOperationException | IllegalCallerException e) {
      return null; // no linker for this processor, or access was denied after all
    }
  }

  private static MethodHandle handle(Linker linker, String name, FunctionDescriptor type) {
    SymbolLookup library = linker.defaultLookup();
    return linker.downcallHandle(
        library.find(name).orElseThrow(() -> new UnsupportedOperationException(name)), type);
  }
}
