package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.Operation;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A backend around another one that counts what passes through, can refuse an allocation, and can
 * claim that the device has memory of its own.
 */
public final class DecoratedBackend implements Backend {
  private final Backend inner;
  private final Map<String, Integer> executed = new LinkedHashMap<>();
  private int allocations;
  private int failingAllocation = Integer.MAX_VALUE;
  private boolean ownMemory;

  /** Wraps a backend, which closes with this one. */
  public DecoratedBackend(Backend inner) {
    this.inner = inner;
  }

  /** Lets the {@code n}-th allocation from now on fail, counted from 1. */
  public DecoratedBackend failAllocation(int n) {
    failingAllocation = allocations + n;
    return this;
  }

  /** Claims from now on that the device does not share host memory. */
  public DecoratedBackend withOwnMemory() {
    ownMemory = true;
    return this;
  }

  /** Returns how often each operation was executed, by its class's simple name. */
  public Map<String, Integer> executed() {
    return executed;
  }

  /** Returns the number of allocations. */
  public int allocations() {
    return allocations;
  }

  @Override
  public DeviceInfo device() {
    DeviceInfo info = inner.device();
    return new DeviceInfo(
        info.selector(),
        info.type(),
        info.name(),
        info.vendor(),
        info.driver(),
        info.computeUnits(),
        info.memoryBytes(),
        info.maxAllocationBytes(),
        info.hostUnifiedMemory() && !ownMemory,
        info.flushesSubnormals(),
        info.correctlyRoundedDivision(),
        info.profile(),
        info.scatter(),
        info.details());
  }

  @Override
  public DeviceBuffer allocate(DType type, long elements) {
    countAllocation();
    return inner.allocate(type, elements);
  }

  @Override
  public DeviceBuffer allocateUninitialized(DType type, long elements) {
    countAllocation();
    return inner.allocateUninitialized(type, elements);
  }

  private void countAllocation() {
    allocations++;
    if (allocations == failingAllocation) {
      throw new IllegalStateException("allocation " + allocations + " fails as told");
    }
  }

  @Override
  public void execute(Operation operation) {
    executed.merge(operation.getClass().getSimpleName(), 1, Integer::sum);
    inner.execute(operation);
  }

  @Override
  public void synchronize() {
    inner.synchronize();
  }

  @Override
  public void close() {
    inner.close();
  }
}
