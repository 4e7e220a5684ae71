package dev.embedcl.cli;

import dev.embedcl.opencl.Event;
import dev.embedcl.opencl.LaunchObserver;
import java.util.ArrayList;
import java.util.List;

/** Adds up how long kernels ran on the device, for each part of a step. */
final class KernelClock implements LaunchObserver, AutoCloseable {
  private final List<Timed> launches = new ArrayList<>();
  private Part part = Part.FORWARD;

  /** What a kernel is launched for. */
  enum Part {
    FORWARD,
    BACKWARD,
    STEP
  }

  private record Timed(Part part, Event event) {}

  @Override
  public void launched(String kernel, Event event) {
    launches.add(new Timed(part, event));
  }

  /** Forgets what was launched before. */
  void begin() {
    close();
  }

  /** Says what later kernels are launched for. */
  void part(Part next) {
    part = next;
  }

  /**
   * Returns the times of one call of each part since {@link #begin}.
   *
   * @throws CommandFailure if the driver measures nothing
   */
  TuneTimes end(int calls) {
    TuneTimes times =
        new TuneTimes(
            nanos(Part.FORWARD) / calls, nanos(Part.BACKWARD) / calls, nanos(Part.STEP) / calls);
    close();
    if (!(times.forward() > 0 && times.backward() > 0 && times.step() > 0)) {
      throw new CommandFailure(
          "the driver does not tell how long kernels run: update it, or do without tuning");
    }
    return times;
  }

  private double nanos(Part wanted) {
    double nanos = 0;
    for (Timed launch : launches) {
      nanos += launch.part == wanted ? launch.event.durationNanos() : 0;
    }
    return nanos;
  }

  /** Frees the events of the launches. */
  @Override
  public void close() {
    launches.forEach(launch -> launch.event.close());
    launches.clear();
  }
}
