package dev.embedcl.backend;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A named kind of backend, opened when a test first asks for it. */
public final class TestBackend implements AutoCloseable {
  private final String name;
  private final Supplier<Backend> opener;
  private @Nullable Backend shared;

  TestBackend(String name, Supplier<Backend> opener) {
    this.name = name;
    this.opener = opener;
  }

  /** Returns the backend that all tests of a class share; a test that closes it spoils it. */
  public Backend shared() {
    if (shared == null) {
      shared = open();
    }
    return shared;
  }

  /** Opens another one, to be closed by the caller. */
  public Backend open() {
    return opener.get();
  }

  @Override
  public void close() {
    if (shared != null) {
      shared.close();
      shared = null;
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
