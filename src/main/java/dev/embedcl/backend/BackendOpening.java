package dev.embedcl.backend;

import dev.embedcl.backend.BackendProvider.Candidate;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Opens a backend that works, or says within a limit of time why not. */
final class BackendOpening {
  private BackendOpening() {}

  /**
   * Opens a backend and tests it in another thread: one that a driver holds up cannot be called
   * back.
   *
   * @throws IllegalStateException if that takes longer than the limit
   */
  static Backend open(Candidate candidate, Duration limit) {
    CompletableFuture<Backend> opening = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("embedcl-open")
        .start(() -> {
          try {
            Backend backend = openedAndTested(candidate);
            if (!opening.complete(backend)) {
              backend.close(); // nobody waits for it any more
            }
          } catch (RuntimeException | Error e) {
            opening.completeExceptionally(e);
          }
        });
    opening.completeOnTimeout(null, limit.toMillis(), TimeUnit.MILLISECONDS);
    Backend backend;
    try {
      backend = opening.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
    if (backend == null) {
      throw new IllegalStateException(
          "it does not open and finish the self-test within " + limit.toSeconds() + " s");
    }
    return backend;
  }

  private static Backend openedAndTested(Candidate candidate) {
    Backend backend = candidate.opener().get();
    try {
      SelfTest.run(backend);
      return backend;
    } catch (RuntimeException | LinkageError e) {
      try {
        backend.close();
      } catch (RuntimeException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }
}
