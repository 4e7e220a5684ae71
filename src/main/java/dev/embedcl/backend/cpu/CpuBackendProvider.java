package dev.embedcl.backend.cpu;

import dev.embedcl.backend.BackendProvider;
import java.util.List;

/** Offers the pure-Java backend, which there is on every machine. */
public final class CpuBackendProvider implements BackendProvider {

  /** Creates the provider; for {@link java.util.ServiceLoader}. */
  public CpuBackendProvider() {}

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public Survey survey() {
    try {
      return new Survey(
          List.of(new Candidate(CpuBackendBuilder.defaultDevice(), null, CpuBackend::open)),
          List.of());
    } catch (IllegalArgumentException e) {
      return new Survey(
          List.of(),
          List.of(
              new Refusal(
                  "the pure-Java backend",
                  String.valueOf(e.getMessage()),
                  "set " + CpuBackendBuilder.THREADS_PROPERTY + " to a number of threads")));
    }
  }
}
