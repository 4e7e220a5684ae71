package dev.embedcl.backend;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A kind of backend, found through {@link java.util.ServiceLoader}. */
public interface BackendProvider {

  /** Returns the name of the kind: {@code cpu} or {@code opencl}. */
  String name();

  /** Looks for devices. Never throws for what is missing or broken on the machine: it says so. */
  Survey survey();

  /**
   * What a look at the machine found.
   *
   * @param candidates devices, in the driver's order
   * @param refusals why there are no (or no further) candidates
   */
  record Survey(List<Candidate> candidates, List<Refusal> refusals) {
    /** Takes copies of the lists. */
    public Survey {
      candidates = List.copyOf(candidates);
      refusals = List.copyOf(refusals);
    }
  }

  /**
   * A device that can be tried.
   *
   * @param info what is known before it is opened
   * @param refusal why it cannot be used, or null when it can be tried
   * @param opener opens a backend on it; throws {@link RuntimeException} where that fails
   */
  record Candidate(DeviceInfo info, @Nullable Refusal refusal, Supplier<Backend> opener) {}

  /**
   * Why something cannot be used.
   *
   * @param subject the device, platform or library
   * @param cause what was found
   * @param cure what its user can do about it
   */
  record Refusal(String subject, String cause, String cure) {
    @Override
    public String toString() {
      return subject + ": " + cause + " (" + cure + ")";
    }
  }
}
