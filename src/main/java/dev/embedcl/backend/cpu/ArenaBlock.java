package dev.embedcl.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory as Java allocates it, for buffers too small for {@link HugePages} and where there are
 * none.
 *
 * <p>What is kept counts towards the limit that a virtual machine has for memory off its heap
 * ({@code MaxDirectMemorySize}), so it is little, and freed before an allocation fails.
 */
final class ArenaBlock implements CpuBlock {
  private static final FreedMemory<Owned> FREED =
      new FreedMemory<>(Math.min(32L << 20, CpuMemory.physicalBytes() / 64), 256);

  private final Owned owned;
  private final MemorySegment segment;
  private boolean mapped;

  private ArenaBlock(Owned owned, long bytes) {
    this.owned = owned;
    this.segment = owned.memory().asSlice(0, bytes);
  }

  private record Owned(Arena arena, MemorySegment memory) implements FreedMemory.Stretch {
    @Override
    public long bytes() {
      return memory.byteSize();
    }
  }

  /**
   * Allocates memory.
   *
   * @param zeroed whether the memory has to be zero-filled, or may hold anything
   * @throws OutOfMemoryError if the system or the virtual machine has none
   */
  static ArenaBlock allocate(long bytes, boolean zeroed) {
    Owned freed = FREED.take(bytes);
    if (freed == null) {
      return new ArenaBlock(allocate(bytes), bytes);
    }
    ArenaBlock block = new ArenaBlock(freed, bytes);
    if (zeroed) {
      block.segment.fill((byte) 0);
    }
    return block;
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public MemorySegment mapped() {
    mapped = true;
    return segment;
  }

  @Override
  public void free() {
    if (mapped) {
      CpuBlock.close(owned.arena());
    } else {
      FREED.keep(owned).forEach(gone -> CpuBlock.close(gone.arena()));
    }
  }

  private static Owned allocate(long bytes) {
    try {
      return allocateNow(bytes);
    } catch (OutOfMemoryError e) {
      FREED.drain().forEach(gone -> CpuBlock.close(gone.arena()));
      return allocateNow(bytes);
    }
  }

  @SuppressWarnings("MustBeClosed") // who frees the block closes it
  private static Owned allocateNow(long bytes) {
    Arena arena = Arena.ofShared();
    try {
      return new Owned(arena, arena.allocate(bytes, CpuMemory.ALIGNMENT_BYTES));
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }
}
