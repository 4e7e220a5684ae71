package dev.embedcl.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.backend.BackendProvider.Candidate;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.Operation;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Devices that hang or fail while they are opened. */
final class BackendOpeningTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration NO_PATIENCE = Duration.ofSeconds(1);

  @Test
  void deviceThatWorksIsOpened() {
    try (Backend backend = BackendOpening.open(candidate(BackendOpeningTest::pureJava), PATIENCE)) {
      assertThat(backend.device().type()).isEqualTo(DeviceType.JAVA);
      backend.allocate(DType.INT32, 1).close();
    }
  }

  @Test
  void deviceThatHangsIsRefusedAndClosedWhenItAnswersAtLast() throws Exception {
    CompletableFuture<Backend> answer = new CompletableFuture<>();
    CompletableFuture<Void> closed = new CompletableFuture<>();

    assertThatIllegalStateException()
        .isThrownBy(() -> BackendOpening.open(candidate(answer::join), NO_PATIENCE))
        .withMessage("it does not open and finish the self-test within 1 s");

    answer.complete(new ClosingReport(pureJava(), closed));
    closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void whatTheDriverThrowsPassesThrough() {
    assertThatIllegalStateException()
        .isThrownBy(() ->
            BackendOpening.open(
                candidate(() -> {
                  throw new IllegalStateException("no such luck");
                }),
                PATIENCE))
        .withMessage("no such luck");
    assertThatExceptionOfType(LinkageError.class)
        .isThrownBy(() ->
            BackendOpening.open(
                candidate(() -> {
                  throw new LinkageError("torn out");
                }),
                PATIENCE))
        .withMessage("torn out");
  }

  private static Backend pureJava() {
    return Backends.open("cpu");
  }

  private static Candidate candidate(Supplier<Backend> opener) {
    try (Backend backend = pureJava()) {
      return new Candidate(backend.device(), null, opener);
    }
  }

  /** A backend that tells when it is closed. */
  private record ClosingReport(Backend inner, CompletableFuture<Void> closed) implements Backend {
    @Override
    public DeviceInfo device() {
      return inner.device();
    }

    @Override
    public DeviceBuffer allocate(DType type, long elements) {
      return inner.allocate(type, elements);
    }

    @Override
    public DeviceBuffer allocateUninitialized(DType type, long elements) {
      return inner.allocateUninitialized(type, elements);
    }

    @Override
    public void execute(Operation operation) {
      inner.execute(operation);
    }

    @Override
    public void synchronize() {
      inner.synchronize();
    }

    @Override
    public void close() {
      inner.close();
      closed.complete(null);
    }
  }
}
